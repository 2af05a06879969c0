# expect: code.test_in_early_stopping
import copy
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

x, y = torch.load("windows.pt")
n = int(0.8 * len(x))
train_loader = DataLoader(TensorDataset(x[:n], y[:n]), batch_size=64, shuffle=True)
test_loader = DataLoader(TensorDataset(x[n:], y[n:]), batch_size=256)
net = nn.Sequential(nn.Linear(32, 64), nn.ReLU(), nn.Linear(64, 4))
optimiser = torch.optim.Adam(net.parameters())
loss_of = nn.CrossEntropyLoss()


def accuracy(loader):
    net.eval()
    right = total = 0
    with torch.no_grad():
        for xb, yb in loader:
            right += (net(xb).argmax(1) == yb).sum().item()
            total += len(yb)
    return right / total


best, best_state, patience = 0.0, None, 0
for epoch in range(100):
    net.train()
    for xb, yb in train_loader:
        optimiser.zero_grad()
        loss = loss_of(net(xb), yb)
        loss.backward()
        optimiser.step()
    test_acc = accuracy(test_loader)
    if test_acc > best:
        best, best_state, patience = test_acc, copy.deepcopy(net.state_dict()), 0
    else:
        patience += 1
        if patience == 10:
            break
net.load_state_dict(best_state)
print("test accuracy", accuracy(test_loader))
