# expect: code.statistics_before_split
import torch
from torch.utils.data import DataLoader, TensorDataset, random_split

X, y = torch.load("cells.pt")
X = (X - X.mean(dim=0)) / X.std(dim=0)
dataset = TensorDataset(X, y)
train_ds, val_ds = random_split(dataset, [0.8, 0.2])
model = torch.nn.Linear(X.shape[1], 2)
opt = torch.optim.Adam(model.parameters())
for epoch in range(10):
    for xb, yb in DataLoader(train_ds, batch_size=32, shuffle=True):
        loss = torch.nn.functional.cross_entropy(model(xb), yb)
        opt.zero_grad()
        loss.backward()
        opt.step()
hits = sum((model(xb).argmax(1) == yb).sum().item() for xb, yb in DataLoader(val_ds))
print(hits / len(val_ds))
