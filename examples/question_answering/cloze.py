"""Questions that nobody asked: a part of a sentence is taken out, and what is left of the sentence asks for it.

Pre-training on unlabelled text (Lewis et al., Unsupervised Question Answering by Cloze Translation, 2019; here by rules of a dozen lines).
"""

import calendar
import re

WORD = re.compile(r"\w+(?:[-.,']\w+)*|[^\w\s]")
SENTENCE = re.compile(r"[^.!?]+(?:\.\d[^.!?]*)*[.!?]?")
FEWEST = 7  # words of a sentence that is asked about
MONTHS = set(calendar.month_name[1:])
SMALL = set(
    re.findall(
        r"\w+",
        """a an the of in on at by for to and or is was were are be been with from as that which who but not it its
    this their his her he she they had has have""",
    )
)  # words that are no answer


def sentences(passages):
    """(passage, [(word, start, end), ...]) of each sentence that is long enough."""
    for passage in passages:
        for sentence in SENTENCE.finditer(passage):
            words = [
                (word.group(), word.start() + sentence.start(), word.end() + sentence.start())
                for word in WORD.finditer(sentence.group())
            ]
            if len(words) >= FEWEST:
                yield passage, words


def question(passage, words, random):
    """(question, passage, start, answer), or None where chance chose no good answer."""
    first = random.randrange(len(words))
    word = words[first][0]
    if not word[0].isalnum() or word.lower() in SMALL:
        return None
    first, last, asks = _answer(words, first, random)
    reach = (random.randint(2, 8), random.randint(2, 8)) if random.random() < 0.5 else (40, 40)
    around = [*words[max(0, first - reach[0]) : first], *words[last + 1 : last + 1 + reach[1]]]
    dropped = random.choice((0.2, 0.4, 0.6))
    kept = [one for one, _, _ in around if one[0].isalnum() and random.random() > dropped]
    if len(kept) < 2 or last - first > FEWEST:
        return None
    if random.random() < 0.4:
        cut = random.randrange(len(kept))
        kept = kept[cut:] + kept[:cut]
    start, end = words[first][1], words[last][2]
    left, right = _window(passage, words, random)
    return f"{asks} {' '.join(kept)}?", passage[left:right], start - left, passage[start:end]


def _answer(words, first, random):
    """The words around `first` that belong together, and the word that asks for such."""
    word, last = words[first][0], first
    if word[0].isupper():
        while first > 0 and words[first - 1][0][0].isupper():
            first -= 1
        while last + 1 < len(words) and words[last + 1][0][0].isupper():
            last += 1
        return first, last, random.choice(("Who", "What", "Which", "Where", "Who", "What"))
    if word[0].isdigit():
        year = re.fullmatch(r"1\d\d\d|20\d\d", word)
        if first > 0 and words[first - 1][0] in MONTHS:
            first -= 1
        elif last + 1 < len(words) and words[last + 1][0].isalpha() and random.random() < 0.3:
            last += 1
        asks = ("When", "What year") if year else ("How many", "How much", "What")
        return first, last, random.choice(asks)
    wanted = random.choice((0, 0, 1, 1, 2, 3))
    while last - first < wanted and last + 1 < len(words) and words[last + 1][0].isalnum():
        last += 1
    while last > first and words[last][0].lower() in SMALL:
        last -= 1
    return first, last, random.choice(("What", "What", "What kind of", "Which", "How", "Why"))


def _window(passage, words, random):
    """Some of the passage around the sentence: short ones train faster."""
    left = max(0, words[0][1] - random.randrange(500))
    left = passage.find(" ", left, words[0][1]) + 1 if left else 0
    return left or 0, min(len(passage), words[-1][2] + random.randrange(500))
