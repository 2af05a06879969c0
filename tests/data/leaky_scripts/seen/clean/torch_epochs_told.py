# expect: nothing
import torch
from torchvision import datasets, transforms
from torch.utils.data import DataLoader
t = transforms.Compose([transforms.ToTensor(), transforms.Normalize((0.5,), (0.5,))])
train_loader = DataLoader(datasets.FashionMNIST(".", train=True, transform=t), 64)
test_loader = DataLoader(datasets.FashionMNIST(".", train=False, transform=t), 64)
model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(784, 10))
opt = torch.optim.SGD(model.parameters(), 0.1)
for epoch in range(5):
    for x, y in train_loader:
        loss = torch.nn.functional.cross_entropy(model(x), y)
        opt.zero_grad(); loss.backward(); opt.step()
    correct = 0
    with torch.no_grad():
        for x, y in test_loader:
            correct += (model(x).argmax(1) == y).sum().item()
    print(epoch, correct / len(test_loader.dataset))
