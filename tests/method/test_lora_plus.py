from method_trials import CLASSES, Folders, Trial, learning
from tunesmith.method.lora_plus import LoRAPlus


def test_b_learns_faster_than_all_else_by_the_ratio(folders: Folders) -> None:
    method = LoRAPlus(rank=4, embeddings=True, ratio=5.0)
    names = learning(Trial(method, folders["bert"], CLASSES).start())
    paces = {name: method.pace(name) for name in names}
    fast = {name for name, pace in paces.items() if pace == 5.0}
    starts = learning(Trial(method, folders["bert"], CLASSES).start())
    assert fast == {name for name, tensor in starts.items() if "lora_" in name and not tensor.any()}
    assert {pace for name, pace in paces.items() if name not in fast} == {1.0}
    assert any("classifier" in name for name in paces.keys() - fast)
