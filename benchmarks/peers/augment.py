"""torchvision's side of `pnpm bench augment`: SimCLR's views of PIL images, one by one, as its users make them.

One process per core, as a DataLoader has workers; each keeps the images in memory and its tensors to itself, so
neither decoding, nor collating, nor sending counts. Reads questions as lines of JSON from stdin, answers on stdout.
"""

import argparse
import json
import multiprocessing
import sys
import time

import numpy
import torch
import torchvision
from PIL import Image
from torchvision import transforms


def recipe(name, size):
    strength = 0.5 if name == "cifar" else 1.0
    jitter = transforms.ColorJitter(0.8 * strength, 0.8 * strength, 0.8 * strength, 0.2 * strength)
    blur = [] if name == "cifar" else [transforms.RandomApply([transforms.GaussianBlur(23, (0.1, 2.0))], 0.5)]
    return transforms.Compose(
        [
            transforms.RandomResizedCrop(size),
            transforms.RandomHorizontalFlip(),
            transforms.RandomApply([jitter], 0.8),
            transforms.RandomGrayscale(0.2),
            *blur,
            transforms.ToTensor(),
        ]
    )


def work(connection, images, transform):
    """Two views of each image whenever asked."""
    torch.set_num_threads(1)
    while connection.recv():
        for _ in range(2):
            views = [transform(image) for image in images]
        connection.send(len(views))


def start(question, workers):
    side, count = question["side"], question["count"]
    data = numpy.frombuffer(sys.stdin.buffer.read(count * side * side * 3), numpy.uint8)
    images = [Image.fromarray(image) for image in data.reshape(count, side, side, 3)]
    transform = recipe(question["load"], question["size"])
    pool = []
    for worker in range(workers):
        ours, theirs = multiprocessing.Pipe()
        arguments = (theirs, images[worker::workers], transform)
        multiprocessing.Process(target=work, args=arguments, daemon=True).start()
        pool.append(ours)
    return pool


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--workers", type=int, required=True)
    workers = parser.parse_args().workers
    pool = []
    while line := sys.stdin.buffer.readline():
        question = json.loads(line)
        if "load" in question:
            for connection in pool:
                connection.send(False)
            pool = start(question, workers)
            answer = {"workers": workers, "torchvision": torchvision.__version__}
        else:
            begin = time.perf_counter()
            for connection in pool:
                connection.send(True)
            for connection in pool:
                connection.recv()
            answer = {"milliseconds": 1000 * (time.perf_counter() - begin)}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    multiprocessing.set_start_method("fork")
    main()
