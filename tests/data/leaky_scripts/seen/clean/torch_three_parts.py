# expect: nothing
import torch
import torch.nn as nn
import torchvision
from torch.utils.data import DataLoader, random_split
from torchvision import transforms

transform = transforms.Compose([transforms.ToTensor(), transforms.Normalize((0.1307,), (0.3081,))])
full = torchvision.datasets.MNIST("data", train=True, transform=transform)
trainset, valset = random_split(full, [50000, 10000])
testset = torchvision.datasets.MNIST("data", train=False, transform=transform)
trainloader = DataLoader(trainset, batch_size=128, shuffle=True)
valloader = DataLoader(valset, batch_size=256)
testloader = DataLoader(testset, batch_size=256)
net = nn.Sequential(nn.Flatten(), nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 10))
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.Adam(net.parameters())


def evaluate(loader):
    net.eval()
    correct, total = 0, 0
    with torch.no_grad():
        for inputs, targets in loader:
            _, predicted = net(inputs).max(1)
            total += targets.size(0)
            correct += predicted.eq(targets).sum().item()
    return 100.0 * correct / total


best_acc = 0
for epoch in range(20):
    net.train()
    for inputs, targets in trainloader:
        optimizer.zero_grad()
        loss = criterion(net(inputs), targets)
        loss.backward()
        optimizer.step()
    acc = evaluate(valloader)
    if acc > best_acc:
        torch.save(net.state_dict(), "best.pth")
        best_acc = acc
net.load_state_dict(torch.load("best.pth"))
print(evaluate(testloader))
