# expect: nothing
import torch
from torch.utils.data import DataLoader, random_split, TensorDataset
def run_epoch(model, loader, optimizer=None):
    training = optimizer is not None
    model.train(training)
    total, n = 0.0, 0
    for x, y in loader:
        loss = torch.nn.functional.mse_loss(model(x), y)
        if optimizer is not None:
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        total += loss.item() * len(x)
        n += len(x)
    return total / n
X, y = torch.load("d.pt")
train_set, val_set, test_set = random_split(TensorDataset(X, y), [0.7, 0.15, 0.15])
train_loader, val_loader, test_loader = (DataLoader(s, 64) for s in (train_set, val_set, test_set))
model = torch.nn.Linear(10, 1)
opt = torch.optim.Adam(model.parameters())
best = float("inf")
for epoch in range(10):
    run_epoch(model, train_loader, opt)
    val = run_epoch(model, val_loader)
    if val < best:
        best = val
        torch.save(model.state_dict(), "best.pt")
model.load_state_dict(torch.load("best.pt"))
print(run_epoch(model, test_loader))
