# expect: nothing
from datasets import load_dataset
from transformers import AutoModelForSequenceClassification, AutoTokenizer, Trainer, TrainingArguments

raw = load_dataset("imdb")
tokenizer = AutoTokenizer.from_pretrained("distilbert-base-uncased")
ds = raw.map(lambda batch: tokenizer(batch["text"], truncation=True), batched=True)
parts = ds["train"].train_test_split(test_size=0.1, seed=0)
model = AutoModelForSequenceClassification.from_pretrained("distilbert-base-uncased")
args = TrainingArguments("out", load_best_model_at_end=True)
trainer = Trainer(model=model, args=args, train_dataset=parts["train"], eval_dataset=parts["test"])
trainer.train()
print(trainer.evaluate(ds["test"]))
