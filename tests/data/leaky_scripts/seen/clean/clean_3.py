# expect: nothing
import torch, copy
from torchvision import datasets, transforms, models
dataloaders = {p: torch.utils.data.DataLoader(datasets.ImageFolder(f"data/{p}", transforms.ToTensor()), 4) for p in ["train", "val"]}
def train_model(model, criterion, optimizer, num_epochs=25):
    best_acc = 0.0
    best = copy.deepcopy(model.state_dict())
    for epoch in range(num_epochs):
        for phase in ["train", "val"]:
            if phase == "train":
                model.train()
            else:
                model.eval()
            running_corrects = 0
            for inputs, labels in dataloaders[phase]:
                optimizer.zero_grad()
                with torch.set_grad_enabled(phase == "train"):
                    outputs = model(inputs)
                    _, preds = torch.max(outputs, 1)
                    loss = criterion(outputs, labels)
                    if phase == "train":
                        loss.backward()
                        optimizer.step()
                running_corrects += torch.sum(preds == labels.data)
            epoch_acc = running_corrects.double() / len(dataloaders[phase].dataset)
            if phase == "val" and epoch_acc > best_acc:
                best_acc = epoch_acc
                best = copy.deepcopy(model.state_dict())
    model.load_state_dict(best)
    return model
model = models.resnet18()
train_model(model, torch.nn.CrossEntropyLoss(), torch.optim.SGD(model.parameters(), 0.01))
