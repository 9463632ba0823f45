"""The same SimCLR training step in PyTorch: two views through a ResNet and its projection head, NT-Xent, LARS.

Prints one JSON line per invocation, with the fields of train-step.mjs. Needs `pip install torch`; run by train-step-peers.mjs, which
sets the allocator's variables and the number of threads. With `--device cuda` it runs on a GPU, where `float32` is that and `tf32`
lets convolutions and matrix products round their inputs to TF32.
"""

import argparse
import contextlib
import json
import resource
import time

import torch
from torch import nn
from torch.nn import functional as F

BLOCKS = {18: (2, 2, 2, 2), 34: (3, 4, 6, 3), 50: (3, 4, 6, 3), 101: (3, 4, 23, 3), 152: (3, 8, 36, 3)}


class Convolution(nn.Module):
    """Without bias, padded on both sides; the official code pads stride 2 by as much, one pixel further to the end."""

    def __init__(self, inputs, outputs, size, stride=1):
        super().__init__()
        self.convolution = nn.Conv2d(inputs, outputs, size, stride, padding=(size - 1) // 2, bias=False)

    def forward(self, x):
        return self.convolution(x)


class Block(nn.Module):
    def __init__(self, inputs, width, stride, bottleneck, projects):
        super().__init__()
        outputs = width * 4 if bottleneck else width
        if bottleneck:
            layers = [(inputs, width, 1, 1), (width, width, 3, stride), (width, outputs, 1, 1)]
        else:
            layers = [(inputs, width, 3, stride), (width, width, 3, 1)]
        self.convolutions = nn.ModuleList(Convolution(*layer) for layer in layers)
        self.norms = nn.ModuleList(nn.BatchNorm2d(layer[1], momentum=0.1, eps=1e-5) for layer in layers)
        nn.init.zeros_(self.norms[-1].weight)
        self.shortcut = None
        if projects:
            self.shortcut = nn.Sequential(Convolution(inputs, outputs, 1, stride), nn.BatchNorm2d(outputs))
        self.outputs = outputs

    def forward(self, x):
        shortcut = x if self.shortcut is None else self.shortcut(x)
        last = len(self.convolutions) - 1
        for index, (convolution, norm) in enumerate(zip(self.convolutions, self.norms)):
            x = norm(convolution(x))
            if index < last:
                x = F.relu(x, inplace=True)
        return F.relu(x + shortcut, inplace=True)


class Encoder(nn.Module):
    def __init__(self, depth, width_multiplier, image_size):
        super().__init__()
        stem_width = int(64 * width_multiplier)
        if image_size <= 64:
            self.stem = nn.Sequential(Convolution(3, stem_width, 3), nn.BatchNorm2d(stem_width), nn.ReLU(inplace=True))
        else:
            self.stem = nn.Sequential(
                Convolution(3, stem_width, 7, 2), nn.BatchNorm2d(stem_width), nn.ReLU(inplace=True),
                nn.MaxPool2d(3, 2, 1))
        blocks, inputs = [], stem_width
        for group, count in enumerate(BLOCKS[depth]):
            for index in range(count):
                stride = 2 if group > 0 and index == 0 else 1
                block = Block(inputs, int(64 * width_multiplier) * 2**group, stride, depth >= 50, projects=index == 0)
                blocks.append(block)
                inputs = block.outputs
        self.blocks = nn.Sequential(*blocks)
        self.dimension = inputs

    def forward(self, x):
        return self.blocks(self.stem(x)).mean((2, 3))


def projection_head(dimension):
    """Three layers, as SimCLRv2's: hidden ones with batch norm and ReLU, the last to 128 with batch norm."""
    layers = []
    for index, outputs in enumerate((dimension, dimension, 128)):
        layers += [nn.Linear(dimension, outputs, bias=False), nn.BatchNorm1d(outputs)]
        if index < 2:
            layers.append(nn.ReLU(inplace=True))
    return nn.Sequential(*layers)


def nt_xent(z, temperature):
    z = F.normalize(z.float(), dim=1)
    n = z.shape[0] // 2
    logits = z @ z.t() / temperature
    logits.fill_diagonal_(-1e9)
    return F.cross_entropy(logits, torch.arange(2 * n, device=z.device).roll(n))


class Lars(torch.optim.Optimizer):
    """LARS with weight decay on kernels only, momentum 0.9, trust coefficient 0.001."""

    def __init__(self, parameters, learning_rate, weight_decay):
        super().__init__(parameters, dict(lr=learning_rate, weight_decay=weight_decay))

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for weight in group["params"]:
                gradient, rate = weight.grad, group["lr"]
                if weight.ndim > 1:
                    gradient = gradient.add(weight, alpha=group["weight_decay"])
                    weight_norm, gradient_norm = weight.norm(), gradient.norm()
                    if weight_norm > 0 and gradient_norm > 0:
                        rate = rate * float(0.001 * weight_norm / gradient_norm)
                state = self.state[weight]
                if "velocity" not in state:
                    state["velocity"] = torch.zeros_like(weight)
                state["velocity"].mul_(0.9).add_(gradient, alpha=rate)
                weight.sub_(state["velocity"])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--depth", type=int, default=18)
    parser.add_argument("--width", type=float, default=1)
    parser.add_argument("--image-size", type=int, default=32)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--precision", choices=("float32", "tf32", "bfloat16"), default="float32")
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--steps", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()

    device = torch.device(arguments.device)
    torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = arguments.precision == "tf32"
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(0)
    encoder = Encoder(arguments.depth, arguments.width, arguments.image_size)
    model = nn.Sequential(encoder, projection_head(encoder.dimension)).to(device, memory_format=torch.channels_last)
    optimizer = Lars(model.parameters(), 0.1, 1e-4)
    images = torch.rand(2 * arguments.batch, 3, arguments.image_size, arguments.image_size)
    images = images.contiguous(memory_format=torch.channels_last).to(device)
    bfloat16 = arguments.precision == "bfloat16"
    autocast = torch.autocast(device.type, dtype=torch.bfloat16) if bfloat16 else contextlib.nullcontext()

    def step():
        optimizer.zero_grad(set_to_none=True)
        with autocast:
            z = model(images)
        loss = nt_xent(z, 0.5)
        loss.backward()
        optimizer.step()
        return loss.item()  # waits for the device

    step()
    step()
    times = []
    for _ in range(arguments.steps):
        start = time.perf_counter()
        loss = step()
        times.append(1000 * (time.perf_counter() - start))
    times.sort()
    median = times[len(times) // 2]
    if device.type == "cuda":
        hardware = torch.cuda.get_device_name()
    else:
        hardware = f"{torch.backends.cpu.get_cpu_capability()}, {arguments.threads} threads"
    print(json.dumps({
        "imagesPerSecond": round(1000 * arguments.batch / median, 2),
        "precision": arguments.precision,
        "medianStepMs": round(median, 2),
        "minStepMs": round(times[0], 2),
        "maxStepMs": round(times[-1], 2),
        "peakMemoryMB": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        "parameters": sum(weight.numel() for weight in model.parameters()),
        "loss": round(loss, 4),
        **({"peakDeviceMB": round(torch.cuda.max_memory_allocated() / 2**20)} if device.type == "cuda" else {}),
        "details": f"PyTorch {torch.__version__}, {hardware}",
    }))


if __name__ == "__main__":
    main()
