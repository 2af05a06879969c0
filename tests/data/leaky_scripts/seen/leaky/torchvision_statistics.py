# expect: code.statistics_before_split
import torch
from torchvision import datasets, transforms
from torch.utils.data import DataLoader, random_split
raw = datasets.ImageFolder("imgs", transform=transforms.ToTensor())
loader = DataLoader(raw, batch_size=64)
mean = torch.stack([x.mean(dim=(0, 2, 3)) for x, _ in loader]).mean(0)
std = torch.stack([x.std(dim=(0, 2, 3)) for x, _ in loader]).mean(0)
full = datasets.ImageFolder("imgs", transform=transforms.Compose([transforms.ToTensor(), transforms.Normalize(mean, std)]))
train_set, test_set = random_split(full, [800, 200])
model = torch.nn.Linear(10, 2)
for x, y in DataLoader(train_set):
    loss = torch.nn.functional.cross_entropy(model(x.flatten(1)), y)
    loss.backward()
