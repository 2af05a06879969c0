# expect: nothing
import torch
from torch.utils.data import DataLoader, Dataset, random_split


class Images(Dataset):
    def __init__(self, path):
        self.images, self.labels = torch.load(path)

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, index):
        image = self.images[index]
        image = (image - image.mean()) / image.std()
        return image, self.labels[index]


train_ds, test_ds = random_split(Images("cells.pt"), [0.8, 0.2])
model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(784, 2))
opt = torch.optim.Adam(model.parameters())
for epoch in range(10):
    for xb, yb in DataLoader(train_ds, batch_size=32, shuffle=True):
        loss = torch.nn.functional.cross_entropy(model(xb), yb)
        opt.zero_grad()
        loss.backward()
        opt.step()
hits = sum((model(xb).argmax(1) == yb).sum().item() for xb, yb in DataLoader(test_ds))
print(hits / len(test_ds))
