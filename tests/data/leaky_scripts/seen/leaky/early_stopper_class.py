# expect: code.test_in_early_stopping
import torch
from torch.utils.data import DataLoader
from data import train_set, test_set
from model import Net
class EarlyStopper:
    def __init__(self, patience=3):
        self.patience = patience
        self.counter = 0
        self.best = float("inf")
    def step(self, loss):
        if loss < self.best:
            self.best = loss
            self.counter = 0
            return False
        self.counter += 1
        return self.counter >= self.patience
def run_epoch(model, loader, opt=None):
    total = 0.0
    for x, y in loader:
        out = model(x)
        loss = torch.nn.functional.cross_entropy(out, y)
        if opt:
            opt.zero_grad(); loss.backward(); opt.step()
        total += loss.item()
    return total / len(loader)
def main():
    model = Net(); opt = torch.optim.Adam(model.parameters())
    stopper = EarlyStopper()
    train_loader, test_loader = DataLoader(train_set, 32), DataLoader(test_set, 32)
    for epoch in range(50):
        run_epoch(model, train_loader, opt)
        test_loss = run_epoch(model, test_loader)
        if stopper.step(test_loss):
            break
    print("test loss", run_epoch(model, test_loader))
main()
