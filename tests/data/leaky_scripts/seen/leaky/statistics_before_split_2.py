# expect: code.statistics_before_split
import numpy as np
import torch
from torch.utils.data import Dataset, DataLoader, Subset
class Seq(Dataset):
    def __init__(self, arr, labels):
        self.arr, self.labels = arr, labels
    def __len__(self):
        return len(self.arr)
    def __getitem__(self, i):
        return torch.tensor(self.arr[i]), self.labels[i]
raw = np.load("raw.npy")
labels = np.load("lab.npy")
mn, mx = raw.min(axis=0), raw.max(axis=0)
norm = (raw - mn) / (mx - mn)
ds = Seq(norm, labels)
n = len(ds)
idx = list(range(n))
np.random.shuffle(idx)
train_ds = Subset(ds, idx[: int(.8 * n)])
test_ds = Subset(ds, idx[int(.8 * n):])
net = torch.nn.LSTM(4, 8)
opt = torch.optim.Adam(net.parameters())
for x, y in DataLoader(train_ds):
    out, _ = net(x)
    loss = torch.nn.functional.cross_entropy(out[:, -1], y)
    loss.backward()
    opt.step()
hits = 0
for x, y in DataLoader(test_ds):
    out, _ = net(x)
    hits += (out[:, -1].argmax(-1) == y).sum().item()
print(hits / len(test_ds))
