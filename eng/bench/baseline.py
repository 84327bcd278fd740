"""The PyTorch side of eng/bench: L2P as the papers' released code runs it, in plain modules.

Two full passes a step (a frozen query pass for the keys, then the prompted pass), all tokens through all blocks, attention written out,
Adam and gradient clipping over the trainable parameters. The process stays alive between measurements and answers one JSON line for each
that it reads, so that the two sides can take turns:

    {"do": "open", "model": {...}, "batch": 16}   makes the model and one batch of random images
    {"do": "train" | "predict", "steps": 4}       -> {"seconds": s}
    {"do": "subspace", "images": 128}             -> {"seconds": s, "rank": r}
"""
import argparse
import contextlib
import json
import sys
import time

import torch
import torch.nn.functional as F
from torch import nn


class Attention(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads, self.scale = heads, (width // heads) ** -0.5
        self.qkv, self.proj = nn.Linear(width, 3 * width), nn.Linear(width, width)

    def forward(self, x):
        b, n, d = x.shape
        q, k, v = self.qkv(x).reshape(b, n, 3, self.heads, d // self.heads).permute(2, 0, 3, 1, 4).unbind(0)
        weights = ((q @ k.transpose(-2, -1)) * self.scale).softmax(dim=-1)
        return self.proj((weights @ v).transpose(1, 2).reshape(b, n, d))


class Block(nn.Module):
    def __init__(self, width, heads, hidden):
        super().__init__()
        self.norm1, self.attn = nn.LayerNorm(width, eps=1e-6), Attention(width, heads)
        self.norm2, self.fc1, self.fc2 = nn.LayerNorm(width, eps=1e-6), nn.Linear(width, hidden), nn.Linear(hidden, width)

    def forward(self, x):
        x = x + self.attn(self.norm1(x))
        return x + self.fc2(F.gelu(self.fc1(self.norm2(x))))


class L2P(nn.Module):
    def __init__(self, width, depth, heads, hidden, patch, image, classes, pool, length, top_k):
        super().__init__()
        self.length, self.top_k = length, top_k
        self.patch_embed = nn.Conv2d(3, width, patch, patch)
        self.cls_token = nn.Parameter(torch.randn(1, 1, width) * 0.02)
        self.pos_embed = nn.Parameter(torch.randn(1, 1 + (image // patch) ** 2, width) * 0.02)
        self.blocks = nn.ModuleList(Block(width, heads, hidden) for _ in range(depth))
        self.norm = nn.LayerNorm(width, eps=1e-6)
        for parameter in self.parameters():
            parameter.requires_grad_(False)
        self.head = nn.Linear(width, classes)
        self.prompt = nn.Parameter(torch.empty(pool, length, width).uniform_(-1, 1))
        self.prompt_key = nn.Parameter(torch.empty(pool, width).uniform_(-1, 1))

    def patches(self, images):
        return self.patch_embed(images).flatten(2).transpose(1, 2)

    def encode(self, tokens):
        for block in self.blocks:
            tokens = block(tokens)
        return self.norm(tokens)

    @torch.no_grad()
    def query(self, images):
        patches = self.patches(images)
        tokens = torch.cat([self.cls_token.expand(len(images), -1, -1), patches], dim=1) + self.pos_embed
        return self.encode(tokens)[:, 0]

    def forward(self, images):
        """Logits and the mean similarity between the queries and the keys that they chose."""
        similarity = F.normalize(self.query(images), dim=1) @ F.normalize(self.prompt_key, dim=1).t()
        chosen = similarity.topk(self.top_k, dim=1)
        prompts = self.prompt[chosen.indices].flatten(1, 2)
        tokens = torch.cat([self.cls_token.expand(len(images), -1, -1), prompts, self.patches(images)], dim=1)
        count = prompts.shape[1]
        positions = torch.cat([self.pos_embed[:, :1].expand(-1, 1 + count, -1), self.pos_embed[:, 1:]], dim=1)
        tokens = self.encode(tokens + positions)
        return self.head(tokens[:, 1:1 + count].mean(dim=1)), chosen.values.sum() / len(images)


def grow_by_svd(rows, energy):
    """The basis that keeps the given share of the energy of the rows, from a float64 SVD of all of them, as projection codes do."""
    values, vectors = torch.linalg.svd(rows.double(), full_matrices=False)[1:]
    share = torch.cumsum(values ** 2, 0) / (values ** 2).sum()
    return vectors[:int((share < energy).sum()) + 1].t()


class Session:
    def __init__(self, device, dtype):
        self.device, self.dtype = torch.device(device), dtype

    def autocast(self):
        return torch.autocast(self.device.type, dtype=torch.bfloat16) if self.dtype == "bf16" else contextlib.nullcontext()

    def open(self, model, batch):
        torch.manual_seed(1)
        self.model = L2P(**model).to(self.device)
        self.images = torch.rand(batch, 3, model["image"], model["image"], device=self.device)
        self.labels = torch.randint(model["classes"], (batch,), device=self.device)
        self.trainable = [p for p in self.model.parameters() if p.requires_grad]
        self.optimizer = torch.optim.Adam(self.trainable, lr=1e-3)

    def train(self, steps):
        for _ in range(steps):
            with self.autocast():
                logits, pull = self.model(self.images)
                loss = F.cross_entropy(logits, self.labels) - 0.1 * pull
            self.optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(self.trainable, 1.0)
            self.optimizer.step()
        loss.item()

    @torch.no_grad()
    def predict(self, steps):
        for _ in range(steps):
            with self.autocast():
                best = self.model(self.images)[0].argmax(dim=1)
        best.cpu()

    @torch.no_grad()
    def subspace(self, images, energy=0.95):
        """The directions that the patch embeddings and the queries of that many images take: collected whole, then decomposed."""
        patches, queries = [], []
        for start in range(0, images, len(self.images)):
            part = self.images[:images - start]
            patches.append(self.model.patches(part).flatten(0, 1).cpu())
            queries.append(self.model.query(part).cpu())
        basis = grow_by_svd(torch.cat(patches), energy)
        grow_by_svd(torch.cat(queries), energy)
        return basis.shape[1]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--dtype", choices=["fp32", "bf16"], default="fp32")
    parser.add_argument("--threads", type=int, default=0)
    arguments = parser.parse_args()
    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    session = Session(arguments.device, arguments.dtype)
    print(json.dumps({"torch": torch.__version__, "threads": torch.get_num_threads()}), flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        work = getattr(session, request.pop("do"))
        started = time.perf_counter()
        result = work(**request)
        if session.device.type == "cuda":
            torch.cuda.synchronize()
        print(json.dumps({"seconds": time.perf_counter() - started, "rank": result}), flush=True)


if __name__ == "__main__":
    main()
