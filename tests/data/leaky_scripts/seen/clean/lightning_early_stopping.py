# expect: nothing
import lightning as L
from lightning.pytorch.callbacks import EarlyStopping
from torch.utils.data import DataLoader, random_split
from torchvision.datasets import MNIST
from model import LitModel
full = MNIST(".", train=True); test = DataLoader(MNIST(".", train=False))
train, val = random_split(full, [55000, 5000])
trainer = L.Trainer(callbacks=[EarlyStopping("val_loss")])
model = LitModel()
trainer.fit(model, DataLoader(train), DataLoader(val))
trainer.test(model, test)
