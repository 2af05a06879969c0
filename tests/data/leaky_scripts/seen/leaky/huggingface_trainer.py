# expect: code.test_in_early_stopping
from datasets import load_dataset
from transformers import AutoModelForSequenceClassification, Trainer, TrainingArguments, EarlyStoppingCallback
ds = load_dataset("imdb")
model = AutoModelForSequenceClassification.from_pretrained("bert")
args = TrainingArguments("out", load_best_model_at_end=True, evaluation_strategy="epoch")
trainer = Trainer(model=model, args=args, train_dataset=ds["train"], eval_dataset=ds["test"])
trainer.train()
print(trainer.evaluate())
