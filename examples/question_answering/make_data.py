"""Split XQuAD's English part by article into data/train.json and data/test.json. Run it once.

Data: xquad.en.json (SQuAD 1.1's format, CC BY-SA 4.0), named by DAYBREAK_XQUAD. No article stands in both: a model that had read the
other paragraphs of a test article would be judged on what it knows.
"""

import json
import os
import random
from pathlib import Path

FOLDER = Path(__file__).parent / "data"
FILE = Path(os.environ.get("DAYBREAK_XQUAD", Path(__file__).parents[3] / "shared/data/xquad/xquad.en.json"))
TEST = 10  # articles of 48


def rows(articles):
    return [
        {
            "article": article["title"],
            "passage": paragraph["context"],
            "question": asked["question"],
            "start": asked["answers"][0]["answer_start"],
            "answer": asked["answers"][0]["text"],
        }
        for article in articles
        for paragraph in article["paragraphs"]
        for asked in paragraph["qas"]
    ]


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    articles = json.loads(FILE.read_text(encoding="utf-8"))["data"]
    random.Random(0).shuffle(articles)
    for name, part in (("test", articles[:TEST]), ("train", articles[TEST:])):
        lines = [json.dumps(row, ensure_ascii=False) for row in rows(part)]
        (FOLDER / f"{name}.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
        print(f"{len(lines)} questions of {len(part)} articles in {FOLDER / name}.jsonl")
