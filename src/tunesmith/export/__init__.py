"""Export: a trained model in; a verified package out."""
