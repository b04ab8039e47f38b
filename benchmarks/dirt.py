"""What dirt costs: the same documents clean, and damaged or surrounded as real ones are.

    python benchmarks/dirt.py [SHARED]

Without SHARED the documents of `unseen/` are damaged and labelled by the shipped model. With it those of the dev set
are too, and fastText and scikit-learn, learning from the labels the shipped model learned from, label the same texts
(needs `pip install fasttext`). The damage is done by rule and the same in every run. The last rows are documents
that were written dirty, by hands who did not know the package (`dirty/`). Prints a Markdown table.
"""

from __future__ import annotations

import argparse
import random
import re
import textwrap
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np
from accuracy import apart, contestants, recipe
from quality import DIRTY, UNSEEN, dev_examples

from classifier import Model
from classifier.corpus import Example, load_corpus

RIVALS = ("fastText bigrams", "scikit-learn + normalisation", "scikit-learn defaults")
Damage = Callable[[Example, random.Random], str]

ARABIC = re.compile("[\u0621-\u063a\u0641-\u064a]")
VOWELS, LETTERS = "\u064b\u064c\u064d\u064e\u064f\u0650\u0651\u0652", "ابتثجحخدذرزسشصضطظعغفقكلمنهوي"
INVISIBLE = "\u200c\u200d\u200e\u200f\u00ad\u2060"
HEADLINES = {
    "economy/fintech": (
        "البنك المركزي يرفع أسعار الفائدة",
        "أرباح المصارف تقفز في الربع الثالث",
        "أسعار النفط تتراجع دولارين للبرميل",
        "البورصة تغلق على ارتفاع طفيف",
        "شركات التقنية المالية تجمع تمويلا جديدا",
        "التضخم يتباطأ في يونيو",
    ),
    "security/counter-terrorism": (
        "مقتل قيادي في تنظيم داعش بغارة",
        "تفجير انتحاري يستهدف نقطة تفتيش",
        "الأمن يفكك خلية إرهابية في العاصمة",
        "اشتباكات عنيفة بين الجيش والمسلحين",
        "ضبط أسلحة ومتفجرات على الحدود",
        "التحالف يقصف مواقع المسلحين",
    ),
    "other": (
        "المنتخب يفوز بثلاثية نظيفة",
        "افتتاح معرض الكتاب في دورته العشرين",
        "انطلاق العام الدراسي الجديد",
        "حملة للتبرع بالدم في الجامعة",
        "نجم الدراما يعود بعمل جديد",
        "وصفة كعكة العيد بالتمر",
    ),
}
MENU = "الرئيسية/أخبار محلية/عرب وعالم/اقتصاد/بورصة وأسواق/بنوك/رياضة/فن ونجوم/ثقافة/صحة/حوادث/فيديو/اتصل بنا"


def each_letter(text: str, changed: Callable[[str], str]) -> str:
    return ARABIC.sub(lambda match: changed(match[0]), text)


def lose_spaces(share: float, example: Example, chance: random.Random) -> str:
    return re.sub(" ", lambda _: "" if chance.random() < share else " ", example.text)


def pull_apart(example: Example, chance: random.Random) -> str:
    return "\n".join("   ".join(" ".join(word) for word in line.split()) for line in example.text.splitlines())


def vocalise(example: Example, chance: random.Random) -> str:
    return each_letter(example.text, lambda letter: letter + (chance.choice(VOWELS) if chance.random() < 0.8 else ""))


def stretch(example: Example, chance: random.Random) -> str:
    return each_letter(example.text, lambda letter: letter + "\u0640" * chance.choice([0, 0, 1, 3]))


def sow_invisible(example: Example, chance: random.Random) -> str:
    return each_letter(
        example.text, lambda letter: letter + (chance.choice(INVISIBLE) if chance.random() < 0.15 else "")
    )


def misspell(example: Example, chance: random.Random) -> str:
    text = re.sub("[أإآ]", "ا", example.text)
    return re.sub(r"ى\b", "ي", re.sub(r"ة\b", "ه", text))


def type_in_persian(example: Example, chance: random.Random) -> str:
    return example.text.translate(str.maketrans("كيى", "کیی"))


def confuse_letters(share: float, example: Example, chance: random.Random) -> str:
    return each_letter(example.text, lambda letter: chance.choice(LETTERS) if chance.random() < share else letter)


def wrap(width: int, example: Example, chance: random.Random) -> str:
    return "\n".join(line for part in example.text.split("\n") for line in textwrap.wrap(part, width) or [""])


def elsewhere(example: Example, chance: random.Random, count: int) -> list[str]:
    """Headlines on another topic."""
    about = chance.choice([label for label in HEADLINES if label != example.label])
    return chance.sample(HEADLINES[about], count)


def add_links(layout: str, count: int, example: Example, chance: random.Random) -> str:
    return layout.format(text=example.text, links="\n".join(elsewhere(example, chance, count)))


def add_menu(between: str, example: Example, chance: random.Random) -> str:
    return f"{MENU.replace('/', between)}\n\n{example.text}"


def break_with_links(example: Example, chance: random.Random) -> str:
    lines = [line for line in example.text.split("\n") if line.strip()]
    return "\n".join(f"{line}\nاقرأ أيضاً: {elsewhere(example, chance, 1)[0]}" for line in lines)


def add_article(others: Sequence[Example], example: Example, chance: random.Random) -> str:
    """Another document below, on another topic; the first one's label is the page's."""
    return f"{example.text}\n\n{chance.choice([other for other in others if other.label != example.label]).text}"


DAMAGES: Mapping[str, Damage] = {
    "clean": lambda example, _: example.text,
    "fully vocalised": vocalise,
    "stretched with tatweel": stretch,
    "invisible signs in words": sow_invisible,
    "no hamzas, ه for ة, ي for ى": misspell,
    "Persian keyboard": type_in_persian,
    "a tenth of the spaces lost": partial(lose_spaces, 0.1),
    "a third of the spaces lost": partial(lose_spaces, 0.33),
    "half of the spaces lost": partial(lose_spaces, 0.5),
    "all spaces lost": partial(lose_spaces, 1.0),
    "letters pulled apart": pull_apart,
    "3 % of the letters wrong": partial(confuse_letters, 0.03),
    "8 % of the letters wrong": partial(confuse_letters, 0.08),
    "cut to lines of 60 characters": partial(wrap, 60),
    "five links below a heading": partial(add_links, "{text}\n\nمواضيع ذات صلة\n{links}", 5),
    "three links below an unknown heading": partial(add_links, "{text}\n\nمن دفاترنا\n{links}", 3),
    "six links and no heading": partial(add_links, "{text}\n{links}", 6),
    "five links on top": partial(add_links, "الأكثر قراءة\n{links}\n\n{text}", 5),
    "a link behind every paragraph": break_with_links,
    "a menu, one entry a line": partial(add_menu, "\n"),
    "a menu in one line": partial(add_menu, " | "),
}


def damaged(examples: Sequence[Example], damage: Damage) -> list[str]:
    return [damage(example, random.Random(number)) for number, example in enumerate(examples)]


def rivals(shared: Path, texts: Sequence[str]) -> dict[str, list[str]]:
    """What other classifiers answer, after learning from the same labels."""
    made = recipe()
    learned = [*made.labelled(shared / "corpora"), *made.seeds()]
    labels = sorted({example.label for example in learned})
    fits = contestants(shared / "corpora")
    answers = {name: apart(fits[name], learned, texts).probabilities for name in RIVALS}
    return {name: [labels[best] for best in np.argmax(shares, axis=1)] for name, shares in answers.items()}


def by_hand(examples: Sequence[Example]) -> dict[str, list[Example]]:
    """Documents by who wrote them, which their file names begin with."""
    found: dict[str, list[Example]] = {}
    for example in examples:
        found.setdefault(Path(example.name).name.partition("-")[0], []).append(example)
    return dict(sorted(found.items()))


def main() -> None:
    parser = argparse.ArgumentParser(description="What dirt costs.")
    parser.add_argument("shared", nargs="?", type=Path)
    arguments = parser.parse_args()
    examples = list(load_corpus(UNSEEN).examples)
    if arguments.shared:
        examples += dev_examples(arguments.shared)
    damages = {**DAMAGES, "another document below, on another topic": partial(add_article, examples)}
    rows = {name: (examples, damaged(examples, damage)) for name, damage in damages.items()}
    for hand, own in by_hand(load_corpus(DIRTY).examples).items():
        rows[f"written dirty: {hand}"] = (own, [example.text for example in own])
    texts = [text for _, part in rows.values() for text in part]
    answers: dict[str, list[str | None]] = {"ours": [found.label for found in Model.load().predict_many(texts)]}
    if arguments.shared:
        answers |= rivals(arguments.shared, texts)
    print("| documents | number | " + " | ".join(f"{name}, right %" for name in answers) + " | ours, unknown % |")
    print("|---|---|" + "---|" * (len(answers) + 1))
    start = 0
    for name, (right, part) in rows.items():
        inside = slice(start, start + len(part))
        start = inside.stop
        shares = [
            100 * np.mean([label == example.label for label, example in zip(given[inside], right, strict=True)])
            for given in answers.values()
        ]
        unknown = 100 * np.mean([label is None for label in answers["ours"][inside]])
        print(f"| {name} | {len(part)} | " + " | ".join(f"{share:.1f}" for share in (*shares, unknown)) + " |")


if __name__ == "__main__":
    main()
