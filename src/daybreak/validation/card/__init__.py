"""The model card: what a model is for, how good it is and why that may be believed, where it comes from, what it cost.

content   the card as data, gathered from a home · about: what only a person can say, from a file or the experiment
page      the same as one self-contained HTML page
"""
