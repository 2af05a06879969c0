# expect: code.test_in_early_stopping
import argparse, torch, torchvision
from torch import nn, optim
parser = argparse.ArgumentParser()
parser.add_argument("--epochs", type=int, default=10)
args = parser.parse_args()
transform = torchvision.transforms.ToTensor()
train_loader = torch.utils.data.DataLoader(torchvision.datasets.CIFAR10("data", train=True, transform=transform), batch_size=64, shuffle=True)
test_loader = torch.utils.data.DataLoader(torchvision.datasets.CIFAR10("data", train=False, transform=transform), batch_size=64)
class Trainer:
    def __init__(self):
        self.model = torchvision.models.resnet18(num_classes=10)
        self.optimizer = optim.SGD(self.model.parameters(), lr=0.1)
        self.criterion = nn.CrossEntropyLoss()
        self.best = 0.0
    def train_epoch(self):
        self.model.train()
        for images, labels in train_loader:
            self.optimizer.zero_grad()
            loss = self.criterion(self.model(images), labels)
            loss.backward()
            self.optimizer.step()
    @torch.no_grad()
    def evaluate(self):
        self.model.eval()
        correct = 0
        for images, labels in test_loader:
            correct += (self.model(images).argmax(dim=1) == labels).sum().item()
        return correct / len(test_loader.dataset)
    def run(self):
        for epoch in range(args.epochs):
            self.train_epoch()
            accuracy = self.evaluate()
            print(epoch, accuracy)
            if accuracy > self.best:
                self.best = accuracy
                torch.save(self.model.state_dict(), "best.pt")
        print("best accuracy", self.best)
Trainer().run()
