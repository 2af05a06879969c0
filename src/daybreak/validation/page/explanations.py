"""What each family of rules is about, in words for everybody; the page shows them beside the findings."""

EXPLANATIONS = {
    "overlap": "A test score is meant to tell how a model does on samples it has never seen. A test sample that also stands in the "
    "training data, or nearly so, can be answered from memory: a model that has learnt nothing gets it right, too.",
    "contamination": "Long runs of words that stand in both sides were almost surely copied. A model that has read them may "
    "recite instead of understand.",
    "groups": "When several samples come from one patient, speaker or machine, a model can recognise the patient instead of the "
    "illness. If the same one stands on both sides, the score tells how well it does on people it knows, not on new ones.",
    "time": "A model that is asked about tomorrow cannot have read tomorrow's data. When training data is newer than test data, "
    "the score is that of somebody who has seen the future.",
    "target_leak": "A column that gives the answer away is often filled in after the fact: it will not be there, or will not "
    "help, when a prediction is really asked for.",
    "preprocessing": "Averages, scales or chosen columns that were computed with the test rows carry news from test into training.",
    "fingerprints": "The data itself shows traces of having been filled in or scaled with all rows together, test rows included.",
    "oversampling": "Made-up samples are mixtures of real ones. When they are made before the split, test rows are mixed into train.",
    "code": "The order of steps in the code decides what the model has seen. What is computed before the split has seen the test rows.",
    "label_errors": "Some labels are probably wrong: they cost score on both sides, and are worth a look by a person.",
    "shortcuts": "A model that can guess from a file's size or name has learnt how the files were made, not what is in them.",
    "shift": "Test data that comes from elsewhere gives another score than data like that of train: worse or, by luck, better.",
    "test_better": "A model hardly ever does better on new samples than on those it was trained on; when it does, there is a reason.",
    "shuffled_labels": "With labels shuffled there is nothing to learn. A score above chance then comes from somewhere it should not.",
    "baseline": "A complicated model has to do better than a simple one to be worth its cost.",
    "model_holds_data": "Some models keep the samples they were trained on: whoever gets the model gets the data.",
    "input": "What was odd about the files: rows or files that were not read are not part of the audit.",
    "test_looks": "Every look at the test score chooses a little: after many, the best of them is luck.",
}


def explanation(rule: str) -> str:
    """Of a rule or of the family it belongs to; empty where there is none."""
    while rule:
        if rule in EXPLANATIONS:
            return EXPLANATIONS[rule]
        rule = rule.rpartition(".")[0]
    return ""
