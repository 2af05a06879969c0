# expect: code.test_in_early_stopping
import lightning as L
from lightning.pytorch.callbacks import EarlyStopping, ModelCheckpoint
from torch.utils.data import DataLoader, random_split
from torchvision.datasets import MNIST
from model import LitModel
train = DataLoader(MNIST(".", train=True)); test = DataLoader(MNIST(".", train=False))
trainer = L.Trainer(max_epochs=50, callbacks=[EarlyStopping("val_loss"), ModelCheckpoint(monitor="val_loss")])
model = LitModel()
trainer.fit(model, train, test)
trainer.test(model, test)
