"""Makes the checkpoints in this folder. Each tensor holds 0, 1, 2, … minus 2, in its own order of indices, so that a test can name every number."""
import argparse
import pathlib

import numpy as np
import torch

here = pathlib.Path(__file__).parent


def numbers(*shape, type=torch.float32):
    return (torch.arange(int(np.prod(shape)), dtype=torch.float32).reshape(shape) - 2).to(type)


state = torch.nn.Linear(3, 2).state_dict()
state["weight"], state["bias"] = numbers(2, 3), numbers(2)
for type in [torch.float64, torch.float16, torch.bfloat16, torch.int64, torch.int32, torch.int16, torch.int8]:
    state[str(type)[6:]] = numbers(2, 3, type=type)
state["uint8"] = torch.arange(6, dtype=torch.uint8).reshape(2, 3)
state["bool"] = torch.tensor([True, False, True])
state["scalar"] = torch.tensor(-2.0)
state["empty"] = torch.zeros(0, 3)

whole = numbers(4, 6)
views = {
    "whole": whole,
    "again": whole,
    "transposed": whole.t(),
    "column": whole[:, 1],
    "corner": whole[1:3, 2:5],
    "every_other": whole[::2, ::3],
    "row": whole[3],
    "parameter": torch.nn.Parameter(numbers(2, 2)),
}

optimizer = torch.optim.Adam([torch.nn.Parameter(numbers(2))])
optimizer.param_groups[0]["params"][0].grad = torch.ones(2)
optimizer.step()
training = {
    "model": state,
    "views": views,
    "optimizer": optimizer.state_dict(),
    "epoch": 7,
    "args": argparse.Namespace(lr=0.1, name="run", betas=(0.9, 0.999), scale=np.float32(2), path=pathlib.PurePosixPath("a/b"), device=torch.device("cpu")),
    "best": np.float64(0.5),
    "history": np.arange(3),
    "big": 1 << 70,
}

torch.save(training, here / "training.pt")
torch.save(training, here / "training_protocol4.pt", pickle_protocol=4)
torch.save(training, here / "training_legacy.pt", _use_new_zipfile_serialization=False)
torch.save(torch.nn.Linear(3, 2), here / "whole_module.pt")


class Block(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.in_proj_weight = torch.nn.Parameter(numbers(2, 3).half())
        self.norm = torch.nn.LayerNorm(3)
        self.norm.weight.data, self.norm.bias.data = numbers(3), numbers(3)
        self.sizes = [1, 2, 3]

    def forward(self, x):
        return self.norm(x)


class Network(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.blocks = torch.nn.Sequential(Block(), Block())
        self.register_buffer("scale", numbers(3))

    def forward(self, x):
        return self.blocks(x) * self.scale


torch.jit.script(Network()).save(str(here / "torchscript.pt"))

array = np.arange(6, dtype=np.float32).reshape(2, 3) - 2
arrays = {
    "float32": array,
    "fortran": np.asfortranarray(array),
    "fortran3": np.asfortranarray(np.arange(24, dtype=np.float64).reshape(2, 3, 4) - 2),
    "big_endian": array.astype(">f4"),
    "big_endian_short": array.astype(">i2"),
    "opt/target/Transformer/nested": array,
    "scalar": np.float32(-2),
    "empty": np.zeros((0, 3), np.float32),
    "bool": np.array([True, False, True]),
    "uint8": np.arange(6, dtype=np.uint8).reshape(2, 3),
}
for type in ["float64", "float16", "int64", "int32", "int16", "int8"]:
    arrays[type] = array.astype(type)
np.savez(here / "arrays.npz", **arrays)
np.savez_compressed(here / "arrays_compressed.npz", **arrays)
np.savez(here / "objects.npz", ordinary=array, objects=np.array([None, "text"], dtype=object))
