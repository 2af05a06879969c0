# expect: nothing
import lightning as L, torch
class Lit(L.LightningModule):
    def __init__(self):
        super().__init__(); self.net = torch.nn.Linear(10, 2)
    def training_step(self, batch, i):
        x, y = batch; loss = torch.nn.functional.cross_entropy(self.net(x), y); self.log("train_loss", loss); return loss
    def validation_step(self, batch, i):
        x, y = batch; self.log("val_loss", torch.nn.functional.cross_entropy(self.net(x), y))
    def test_step(self, batch, i):
        x, y = batch; self.log("test_loss", torch.nn.functional.cross_entropy(self.net(x), y))
    def configure_optimizers(self):
        return torch.optim.Adam(self.parameters())
class DM(L.LightningDataModule):
    def setup(self, stage=None):
        data = torch.load("d.pt")
        self.train, self.val, self.test = torch.utils.data.random_split(data, [.7, .15, .15])
    def train_dataloader(self): return torch.utils.data.DataLoader(self.train)
    def val_dataloader(self): return torch.utils.data.DataLoader(self.val)
    def test_dataloader(self): return torch.utils.data.DataLoader(self.test)
t = L.Trainer(callbacks=[L.pytorch.callbacks.EarlyStopping("val_loss")])
m, d = Lit(), DM()
t.fit(m, d); t.test(m, d)
