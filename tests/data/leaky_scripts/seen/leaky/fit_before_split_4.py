# expect: code.fit_before_split
from sklearn.datasets import fetch_california_housing
from sklearn.preprocessing import QuantileTransformer
import torch
from torch import nn
from torch.utils.data import TensorDataset, DataLoader
housing = fetch_california_housing()
features = QuantileTransformer().fit_transform(housing.data)
x = torch.tensor(features, dtype=torch.float32)
y = torch.tensor(housing.target, dtype=torch.float32)
perm = torch.randperm(len(x))
n_test = len(x) // 5
test_idx, train_idx = perm[:n_test], perm[n_test:]
train_dl = DataLoader(TensorDataset(x[train_idx], y[train_idx]), batch_size=128, shuffle=True)
net = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 1))
opt = torch.optim.Adam(net.parameters())
for _ in range(10):
    for xb, yb in train_dl:
        loss = nn.functional.mse_loss(net(xb).squeeze(), yb)
        opt.zero_grad(); loss.backward(); opt.step()
with torch.no_grad():
    print("test mse", nn.functional.mse_loss(net(x[test_idx]).squeeze(), y[test_idx]).item())
