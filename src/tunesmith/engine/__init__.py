"""Engine: plans in; optimizer steps and checkpoints out."""
