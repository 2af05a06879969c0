"""Names and values that look like those of a group: patient_id, SpeakerNo, "P0123"; and those that do not: sex, customer_age."""

import re


def _listed(text: str) -> frozenset[str]:
    return frozenset(text.split())


PEOPLE = _listed(
    "account actor animal annotator applicant artist athlete author borrower buyer child client customer donor driver employee family "
    "guest household individual investor learner member mouse musician owner participant passenger patient person player pupil reader "
    "respondent reviewer rider seller singer speaker student subject subscriber user voter worker writer"
)
THINGS = _listed(
    "album article asset basket batch biopsy book booking camera campaign case chapter clinic clip company compound context "
    "conversation course culture debate device dialog dialogue doc document encounter engine episode exam experiment field film firm "
    "flight game group hospital image item job journey letter lot machine match meeting merchant molecule movie order organisation "
    "organization page paper paragraph passage plate plot post product protein question recording record report room run sample "
    "scaffold scan scene school sensor sequence series session sessions shop site slide song source specimen station store story study "
    "tag team thread ticket tile title topic track transcript tree trial trip tweet unit vehicle video visit volume ward well"
)
IDS = _listed("id ids uid uuid guid no nr nbr number key code name hash ref identifier index idx")
_WORDS = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+")
_CODE = re.compile(
    r"""^(?:
      [A-Za-z]{1,12}[-_./:\#]?\d{1,12}[A-Za-z0-9]{0,8}      # P0123, user_17, A/5, C85b
    | [0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}  # a UUID
    | (?=[0-9a-fA-F]*\d)[0-9a-fA-F]{8,64}                   # a hash
    | \d{1,8}[-_]\d{1,8}(?:[-_]\d{1,8})?[-_]?[A-Za-z]?\d*   # 12-0345
    | [^@\s]+@[^@\s]+\.[a-z]{2,}                            # an address
    )$""",
    re.VERBOSE,
)
_DATE = re.compile(r"^\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}")
_RANGE = re.compile(r"^\d{1,3}-\d{1,3}$")  # 18-25: an age


def words_of(name: str) -> tuple[str, ...]:
    """The words of a column's name, in small letters: "PatientID" is patient, id."""
    return tuple(word.lower() for word in _WORDS.findall(name))


def names_people(name: str) -> bool:
    """Whether a column's name is that of somebody: patient, speaker_id, UserNo."""
    said = set(words_of(name)) - IDS
    return bool(said) and said <= PEOPLE | THINGS and bool(said & PEOPLE)


def names_things(name: str) -> bool:
    """Whether a column's name is that of something that has several samples: scene, session_id, TicketNumber."""
    said = set(words_of(name)) - IDS
    return bool(said) and said <= THINGS


def names_ids(name: str) -> bool:
    """Whether a column's name says that it is an id, whatever of."""
    words = words_of(name)
    return bool(words) and (words[-1] in {"id", "uid", "uuid", "guid", "hash", "identifier"})


def looks_coded(values: list[str]) -> bool:
    """Whether nearly all values look like codes given to somebody or something, not like words, dates, ranges or amounts."""
    if not values:
        return False
    coded = sum(bool(_CODE.match(v)) and not _DATE.match(v) and not _RANGE.match(v) for v in values)
    return coded >= 0.95 * len(values)


def has_digits(values: list[str]) -> bool:
    """Whether most values have a digit."""
    return sum(any(map(str.isdigit, v)) for v in values) > len(values) / 2
