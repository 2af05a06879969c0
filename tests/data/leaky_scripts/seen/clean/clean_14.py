# expect: nothing
import torch, torchvision
from torch import nn, optim
train_set = torchvision.datasets.CIFAR10("data", train=True, transform=torchvision.transforms.ToTensor())
test_set = torchvision.datasets.CIFAR10("data", train=False, transform=torchvision.transforms.ToTensor())
mean = (train_set.data / 255.0).mean(axis=(0, 1, 2))
std = (train_set.data / 255.0).std(axis=(0, 1, 2))
norm = torchvision.transforms.Normalize(mean, std)
train_loader = torch.utils.data.DataLoader(train_set, 64, shuffle=True)
test_loader = torch.utils.data.DataLoader(test_set, 64)
model = torchvision.models.resnet18(num_classes=10)
opt = optim.SGD(model.parameters(), lr=0.1)
for epoch in range(10):
    for x, y in train_loader:
        opt.zero_grad()
        nn.functional.cross_entropy(model(norm(x)), y).backward()
        opt.step()
    with torch.no_grad():
        correct = sum((model(norm(x)).argmax(1) == y).sum().item() for x, y in test_loader)
    print(epoch, correct / len(test_set))
torch.save(model.state_dict(), "last.pt")
