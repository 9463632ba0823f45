"""The pretraining of configs/cifar10-small.yaml in PyTorch, for its speed: torchvision's views of decoded images, drawn by the workers
of a DataLoader, NT-Xent, SGD with momentum.

Prints one JSON line. Decoding the archives and starting the workers do not count. Run by pretraining-peers.mjs, which sets the
allocator's variables.
"""

import argparse
import io
import json
import pathlib
import tarfile
import time

import torch
from PIL import Image
from torch import nn

from augment import recipe
from train_step import Encoder, nt_xent, projection_head


class Views(torch.utils.data.Dataset):
    """Two views of each image, [2, 3, 32, 32]."""

    def __init__(self, images):
        self.images = images
        self.transform = recipe("cifar", 32)

    def __len__(self):
        return len(self.images)

    def __getitem__(self, index):
        return torch.stack([self.transform(self.images[index]) for _ in range(2)])


def read(folder, limit):
    images = []
    for archive in sorted(pathlib.Path(folder).glob("train-*.tar")):
        with tarfile.open(archive) as members:
            for member in members:
                if len(images) == limit:
                    return images
                images.append(Image.open(io.BytesIO(members.extractfile(member).read())).convert("RGB"))
    return images


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", required=True)
    parser.add_argument("--limit", type=int, required=True)
    parser.add_argument("--batch", type=int, default=256)
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--workers", type=int, required=True)
    arguments = parser.parse_args()

    torch.set_num_threads(arguments.threads)
    torch.manual_seed(0)
    encoder = Encoder(18, 0.25, 32)
    model = nn.Sequential(encoder, projection_head(encoder.dimension)).to(memory_format=torch.channels_last)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.03, momentum=0.9, weight_decay=5e-4)
    loader = torch.utils.data.DataLoader(
        Views(read(arguments.data, arguments.limit)),
        batch_size=arguments.batch,
        shuffle=True,
        drop_last=True,
        num_workers=arguments.workers,
        persistent_workers=arguments.workers > 0,
    )
    begin, steps, loss = None, 0, 0.0
    for _ in range(2):  # the first epoch warms workers and kernels up
        begin, steps = time.perf_counter(), 0
        for pairs in loader:
            images = torch.cat([pairs[:, 0], pairs[:, 1]]).contiguous(memory_format=torch.channels_last)
            optimizer.zero_grad(set_to_none=True)
            value = nt_xent(model(images), 0.5)
            value.backward()
            optimizer.step()
            loss, steps = value.item(), steps + 1
    seconds = time.perf_counter() - begin
    print(json.dumps({
        "imagesPerSecond": round(steps * arguments.batch / seconds, 1),
        "seconds": round(seconds, 2),
        "loss": round(loss, 3),
        "details": f"PyTorch {torch.__version__}, {arguments.threads} threads, {arguments.workers} workers",
    }))


if __name__ == "__main__":
    main()
