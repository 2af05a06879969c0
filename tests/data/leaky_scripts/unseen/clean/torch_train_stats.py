# expect: nothing
import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset


class Sensors(Dataset):
    def __init__(self, raw, mean, std):
        self.x = (raw[:, :-1] - mean) / (std + 1e-8)
        self.y = raw[:, -1:]

    def __len__(self):
        return len(self.x)

    def __getitem__(self, i):
        return torch.from_numpy(self.x[i]), torch.from_numpy(self.y[i])


raw = np.genfromtxt("sensors.csv", delimiter=",", dtype=np.float32)
order = np.random.default_rng(0).permutation(len(raw))
n_train = int(0.7 * len(raw))
train_raw, test_raw = raw[order[:n_train]], raw[order[n_train:]]
mean, std = train_raw[:, :-1].mean(axis=0), train_raw[:, :-1].std(axis=0)
train_set, test_set = Sensors(train_raw, mean, std), Sensors(test_raw, mean, std)
model = torch.nn.Linear(16, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
for epoch in range(20):
    for x, y in DataLoader(train_set, batch_size=32, shuffle=True):
        loss = torch.nn.functional.mse_loss(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
total = sum(torch.nn.functional.mse_loss(model(x), y).item() for x, y in DataLoader(test_set))
print(total / len(test_set))
