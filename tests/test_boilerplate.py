"""Boilerplate: what stands around an article on its page neither counts nor costs the article a word."""

from __future__ import annotations

import textwrap

import pages
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifier import Model
from classifier.paragraphs import paragraphs_of

ARTICLE = (
    "قال المتحدث إن الأعمال في الموقع الجديد انتهت قبل موعدها بأسبوعين، وإن الفرق ستبقى فيه حتى نهاية الشهر للتأكد من "
    "سلامة ما أنجز، ثم تنتقل إلى الموقع التالي في الشمال حيث ينتظر السكان بدء العمل منذ الصيف الماضي"
)
LEAD = "عاد المتحف إلى استقبال زواره بعد أن أغلق ثلاثة أعوام رممت فيها قاعاته الكبرى كلها."
MENU = "الرئيسية\nمحليات\nاقتصاد\nرياضة\nثقافة وفن\nمنوعات"
TITLES = "\n".join(
    [
        "قصة حصان عاد إلى صاحبه بعد عام",
        "حفل ختام المسرح الجامعي مساء الغد",
        "طبيب يروي رحلته بين جزر المحيط",
        "مدرسة صغيرة تزرع سطحها بالخضار",
        "كيف تحفظ الكتب القديمة من الرطوبة في البيت",
    ]
)


@pytest.mark.parametrize(
    ("text", "votes"),
    [
        pytest.param(f"{ARTICLE}\nاقرأ أيضا\nعنوان خبر آخر هنا\nعنوان ثالث من الصفحة", [1, 0, 0, 0], id="to the end"),
        pytest.param(f"{ARTICLE}\nشاهد أيضا: فيديو المباراة كاملا\nعنوان هنا\n{ARTICLE}", [1, 0, 1, 1], id="one line"),
        pytest.param(f"{ARTICLE}\nإقرأ أيضًا\nعنوان أول للصفحة\nعنوان المقال\n{ARTICLE}", [1, 0, 0, 1, 1], id="title"),
        pytest.param(f"مواضيع ذات صلة\nأول خبر هنا\nثاني خبر هنا\n\n{ARTICLE}", [0, 0, 0, 1], id="no title"),
        pytest.param(f"العنوان الرئيسي للخبر\nالعنوان الفرعي للخبر\n{ARTICLE}", [1, 1, 1], id="head and subhead"),
        pytest.param(f"{ARTICLE}\n{TITLES}", [1, 0, 0, 0, 0, 0], id="list without heading"),
        pytest.param(f"عنوان\n{TITLES}\n\n{ARTICLE}", [0, 0, 0, 0, 0, 0, 1], id="above the article"),
        pytest.param(f"{TITLES}\nنص.", [1] * 6, id="a poem"),
        pytest.param(f"{TITLES}\n{ARTICLE}", [1, 0, 0, 0, 1, 1], id="first line and last headline"),
        pytest.param(f"{ARTICLE}\nعنوان خبر آخر هنا\nعنوان ثالث للصفحة\n{ARTICLE}", [1, 0, 1, 1], id="headlines amid"),
        pytest.param(f"{ARTICLE}، وهي:\n{TITLES}", [1] * 6, id="a list under a colon"),
        pytest.param(f"{ARTICLE} وفق القائمة المرفقة بالقرار.\n{TITLES}", [1] * 6, id="a list that is attached"),
        pytest.param(f"{ARTICLE}\nوفيما يلي الأسماء\n{TITLES}", [1] * 7, id="a list under what announces it"),
        pytest.param(f"{ARTICLE}\n1. شركة النجم الأزرق\n٢- شركة السهل", [1, 1, 1], id="a numbered list"),
        pytest.param(f"{ARTICLE}\nالتالي: خبر من صفحة أخرى\n{TITLES}", [1] + [0] * 6, id="the way to the next page"),
        pytest.param(f"{ARTICLE} وعادوا في اليوم التالي.\n{TITLES}", [1] + [0] * 5, id="the next day"),
        pytest.param(f"{ARTICLE} كشف الملحق التجاري ذلك.\n{TITLES}", [1] + [0] * 5, id="the commercial attaché"),
        pytest.param(f"{ARTICLE}\nروابط سريعة:\n{TITLES}", [1, 1] + [0] * 5, id="a short heading with a colon"),
        pytest.param(f"{ARTICLE}\n12/05/2023 عنوان أول\n13/05/2023 عنوان ثان", [1, 0, 0], id="dates are no numbers"),
        pytest.param(f"{ARTICLE}\n2-1 فوز الفريق\n3-0 فوز غيره", [1, 0, 0], id="nor are scores"),
        pytest.param(f"{ARTICLE}\n" + "سهم | 12.5 | 13\n" * 60, [1] * 61, id="a table below its introduction"),
        pytest.param("بند وقيمة له\n" * 90 + ARTICLE, [1] * 91, id="a table with a remark"),
        pytest.param("قال اقرأ أيضا في الكتاب ما يفيد.\nنص.", [1, 1], id="said in a sentence"),
        pytest.param(f"{MENU}\nعنوان الخبر هو هذا\n{ARTICLE}", [0] * 6 + [1, 1], id="menu"),
        pytest.param(f"الرئيسية | محليات | اقتصاد | رياضة | فن\n{ARTICLE}", [0, 1], id="menu in a line"),
        pytest.param(f"{ARTICLE}\nجميع الحقوق محفوظة لصحيفة الميناء 2014\nسياسة الخصوصية", [1, 0, 0], id="notices"),
        pytest.param("سياسة الخصوصية الجديدة تثير جدلا بين القراء.\nنص.", [1, 1], id="an article on a notice"),
        pytest.param(f"{ARTICLE}\nالأكثر قراءة\n1\nعنوان خبر أول\n2\nعنوان خبر ثان", [1, 0, 0, 0, 0, 0], id="numbered"),
        pytest.param(f"{ARTICLE}\nالأكثر قراءة\nفاز الفريق أمس.\nعاد المتحف.", [1, 0, 0, 0], id="teasers end a page"),
        pytest.param(
            f"{ARTICLE}\nاقرأ المزيد\nفاز الفريق أمس.\nعاد المتحف.", [1, 0, 1, 1], id="short paragraphs go on"
        ),
        pytest.param(f"{ARTICLE}\nالوسوم: الميناء\n{LEAD}\n{LEAD}", [1, 0, 1, 1], id="a list in its line"),
        pytest.param(f"{ARTICLE}\nالتعليقات (0)\nعاد المتحف.", [1, 0, 1], id="no comments"),
        pytest.param(f"{ARTICLE}\nأهم الأخبار\nعنوان\n{LEAD}\n{LEAD}", [1, 0, 1, 1, 1], id="an article below"),
        pytest.param(f"{ARTICLE}\nالتعليقات: 2\nسامي: شكرا لكم.", [1, 0, 0], id="a number of comments"),
        pytest.param(f"{ARTICLE}\nالتعليقات (2)\nسامي: شكرا لكم.\nهدى: خبر جميل", [1, 0, 0, 0], id="comments"),
    ],
)
def test_what_counts(text: str, votes: list[int]) -> None:
    assert [int(paragraph.votes) for paragraph in paragraphs_of(text)] == votes


@pytest.mark.parametrize(
    "line",
    [
        "تابعنا جميعا ما حدث في المدينة تلك الليلة من شرفات البيوت.",
        "اشترك في الهجوم عشرة مسلحين.",
        "سجل في الدقيقة التسعين هدف الفوز.",
        "شارك الخبراء في الندوة على مدى يومين.",
        "المزيد من القوات تصل إلى الحدود هذا الأسبوع.",
        "تقارير أخرى تحدثت عن مقتل عشرين من الحراس.",
        "أقرأ في الصحف كل يوم ما يشبه هذا.",
        "اقرأ في كتاب قديم ما قاله الأولون.",
        "الأكثر تداولا في البورصة سهم المصرف أمس.",
        "قد يهمك أن تعرف أن الأسعار تضاعفت.",
        "شاهد أيضا الوزير آثار الدمار في الميناء.",
        "سياسة الخصوصية الجديدة تثير جدلا بين القراء.",
        "وقال «انتهى كل شيء قبل الفجر».",
        "عاد الهدوء إلى المدينة.\u200f",
        "تستخدم الشركة ملفات تعريف الارتباط لتتبع الزوار، وفق ما جاء في الدعوى.",
    ],
)
def test_sentences_are_no_furniture(line: str) -> None:
    assert all(paragraph.votes for paragraph in paragraphs_of(f"{ARTICLE}\n{line}\n{ARTICLE}"))


@pytest.mark.parametrize(
    "line",
    [
        "واقرأ أيضا: عودة الصيادين إلى الميناء.",
        "إقرأ ايضاً مقتل أربعة في حادث",
        "اقـــرأ أيضًا",
        "الأكثر تداولًا",
        "ربما يهمّك أيضا",
        "الكلمات الدلالية: ميناء، صيد.",
        "مقال ذو صلة: عودة الصيادين.",
        "لقراءة المزيد اضغط على الصورة.",
        "تابعوا قناة الميناء على تلغرام.",
        "اشترك بالنشرة البريدية لتصلك أخبارنا.",
        "كن أول من يعلق على الخبر.",
        "الخبر التالي: عودة الصيادين إلى الميناء.",
        "جميع الحقوق محفوظة لجريدة الميناء.",
        "نستخدم ملفات تعريف الارتباط لتحسين تجربتك على موقعنا وعرض ما يناسبك. باستمرارك في التصفح فإنك توافق على ذلك "
        "وعلى سياسة الخصوصية المنشورة أسفل الصفحة.",
        "يستخدم هذا الموقع ملفات الكوكيز.",
        "باستخدامك لهذا الموقع فإنك توافق على استخدام ملفات تعريف الارتباط.",
    ],
)
def test_furniture_may_end_in_a_full_stop(line: str) -> None:
    assert [paragraph.votes for paragraph in paragraphs_of(f"{ARTICLE}\n{line}\n{ARTICLE}")] == [True, False, True]


@pytest.mark.parametrize("word", ["اسماء", "قائمة ", "فيما ", "1.", "ال"])
def test_a_line_without_end_is_read_in_no_time(word: str) -> None:
    """Fails by hanging: one pattern that begins anew at every letter takes minutes."""
    assert paragraphs_of(f"{word * (1_000_000 // len(word))}\nعنوان خبر آخر هنا\n{ARTICLE}")


def test_a_heading_near_the_top_takes_no_article_away() -> None:
    lines = ["حفل ينتهي قبل موعده", "الوسوم: مدينة", "حضر المئات.", "وغادروا مسرعين.", "ثم عاد الهدوء."]
    assert [paragraph.votes for paragraph in paragraphs_of("\n".join(lines))] == [True, False, True, True, True]


def test_all_kinds_of_line_ends_count_alike(shipped: Model) -> None:
    links = "\n".join(FURNITURE["security/counter-terrorism"] * 3)
    text = f"{' '.join(pages.FINTECH.split())}\nالأكثر قراءة\n{links}"
    answers = {shipped.predict(text.replace("\n", end)).label for end in ("\n", "\r\n", "\r", "\u2028", "\x85", "\f")}
    assert answers == {"economy/fintech"}


def test_passages_and_label_agree_where_all_is_furniture(shipped: Model) -> None:
    text = "• قتل خمسة مسلحين في غارة • الأمن يضبط خلية إرهابية • تفجير يستهدف ثكنة"
    prediction = shipped.predict(text, passages=True)
    assert [(part.label, part.share) for part in prediction.passages] == [(prediction.label, 1.0)]
    assert prediction.passages[0].probability == pytest.approx(prediction.probability, abs=0.01)


@pytest.mark.parametrize("width", [36, 60, 76])
def test_text_cut_to_one_width_is_no_list(width: int) -> None:
    """Lines without a full stop at their end, as mail and old files have them."""
    lines = textwrap.wrap(" ".join([ARTICLE] * 3), width)
    assert all(paragraph.votes for paragraph in paragraphs_of("\n".join(["العنوان هنا للخبر", *lines])))


@given(st.lists(st.sampled_from([*TITLES.split("\n"), *MENU.split("\n"), "مواضيع ذات صلة", ARTICLE, "", "."])))
def test_running_text_always_counts(lines: list[str]) -> None:
    text = "\n".join(lines)
    for paragraph in paragraphs_of(text):
        assert paragraph.votes or text[paragraph.start : paragraph.end] != ARTICLE


FURNITURE = {
    "economy/fintech": [
        "البنك المركزي يرفع أسعار الفائدة",
        "أرباح المصارف تقفز في الربع الثالث",
        "البورصة تغلق مرتفعة",
    ],
    "security/counter-terrorism": ["مقتل قيادي في داعش بغارة", "تفجير انتحاري يستهدف ثكنة", "ضبط أسلحة على الحدود"],
    "other": ["المنتخب يفوز بثلاثية نظيفة", "افتتاح معرض الكتاب اليوم", "وصفة كعكة العيد بالتمر"],
}
LAYOUTS = {
    "below a heading": "{article}\n\nقد يهمك أيضا\n{links}",
    "below an unknown heading": "{article}\nمن دفاترنا\n{links}",
    "on top": "الأكثر مشاهدة\n{links}\n\n{article}",
    "amid the article": "{first}\nاقرأ أيضا: {link}\n{rest}",
    "with a menu and a footer": MENU
    + "\n\n{article}\n\nآخر الأخبار\n{links}\n\nتابعونا على\nفيسبوك\nجميع الحقوق محفوظة 2020",
}


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
@pytest.mark.parametrize("about", FURNITURE)
@pytest.mark.parametrize(
    ("page", "label"),
    [
        pytest.param(pages.FINTECH, "economy/fintech", id="fintech"),
        pytest.param(pages.SECURITY, "security/counter-terrorism", id="security"),
        pytest.param(pages.SPORTS, "other", id="sport"),
    ],
)
def test_a_short_article_keeps_its_label(shipped: Model, page: str, label: str, about: str, layout: str) -> None:
    """Two paragraphs, beside as many words on something else."""
    article = "\n".join(" ".join(part.split()) for part in page.strip().split("\n\n")[:2])
    first, _, rest = article.partition("\n")
    links = FURNITURE[about]
    text = layout.format(article=article, first=first, rest=rest, link=links[0], links="\n".join(links))
    prediction = shipped.predict(text, explain=True)
    assert prediction.label == label
    begins, ends = text.index(first), text.index(rest) + len(rest)
    shown = {start for part in prediction.evidence for start, _ in part.spans}
    assert shown
    assert all(begins <= start < ends for start in shown)
