# expect: code.statistics_before_split
import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset, random_split


class Sensors(Dataset):
    def __init__(self, path):
        raw = np.genfromtxt(path, delimiter=",", dtype=np.float32)
        self.x = raw[:, :-1]
        self.y = raw[:, -1:]
        self.x = (self.x - self.x.mean(axis=0)) / (self.x.std(axis=0) + 1e-8)

    def __len__(self):
        return len(self.x)

    def __getitem__(self, i):
        return torch.from_numpy(self.x[i]), torch.from_numpy(self.y[i])


data = Sensors("sensors.csv")
n_train = int(0.7 * len(data))
train_set, test_set = random_split(data, [n_train, len(data) - n_train])
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
