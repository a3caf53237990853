"""The questions of the bundled contract, and of scenarios for it, with what the fake answers."""

from __future__ import annotations

import asyncio
from functools import cache
from typing import TYPE_CHECKING

from mockgrid.cli.flags import load
from mockgrid.drift.fake import Fake
from mockgrid.drift.judge import DriftJudge
from mockgrid.drift.samples import ContractQuestions
from mockgrid.drift.steps import ScenarioQuestions
from mockgrid.scenario.loading import load_text

if TYPE_CHECKING:
    from mockgrid.contract.contract import Contract
    from mockgrid.drift.question import Drift, Question
    from mockgrid.recording.exchange import RecordedReply


@cache
def contract() -> Contract:
    return load(None, (), ())


@cache
def questions() -> dict[str, Question]:
    """By their titles."""
    fake = Fake(contract())
    listed = asyncio.run(ContractQuestions(contract(), fake, "text-standard").all())
    return {question.title: question for question in listed}


def scripted(text: str) -> list[Question]:
    fake = Fake(contract())
    return list(ScenarioQuestions(contract(), fake).of(load_text(text, name="s.yaml")))


def drifts(question: Question, reply: RecordedReply) -> list[Drift]:
    return DriftJudge(contract()).drifts(question, reply)
