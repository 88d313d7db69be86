"""What counts as a sign of what: for common demands the names of tools and the words that show them.

A rule, not knowledge of the world: it holds for software, data and operations, where the names are telling. For
everything else the words of the demand itself are its signs. What was chosen for a job stands in its criteria
file (``names``, ``words``, ``unlike``), to be read and changed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple


class Concept(NamedTuple):
    """A demand: how it is asked for, and what shows it.

    ``names`` are of tools and products and mean one thing wherever they stand. ``words`` are used in other trades
    too (a nurse is on call, a pipe maker has pipelines). ``unlike`` are phrases in which a word means another thing.
    """

    asked: str
    names: str = ""
    words: str = ""
    unlike: str = ""


def listed(text: str, separator: str = ",") -> list[str]:
    """The entries of a list in one text."""
    return [entry.strip() for entry in text.split(separator) if entry.strip()]


_CONCEPTS = (
    Concept("python", "Python, Django, Flask, FastAPI, NumPy, SciPy, pandas, asyncio, Celery"),
    Concept("java", "Java, Spring Boot, Kotlin, Hibernate"),
    Concept(
        "javascript, typescript, react, front-end, frontend",
        "JavaScript, TypeScript, React, Vue, Angular, Svelte",
        "front-end, accessibility, design system",
    ),
    Concept(
        "data pipeline, etl, elt, batch, data engineering",
        "Airflow, dbt, Spark, Flink, Dagster, Luigi, SSIS",
        "pipeline, ETL, ELT, batch job, nightly import, nightly load, DAG, backfill, ingestion, streaming platform, "
        "stream processing, feed, nightly batch",
        "Jenkins pipeline, CI pipeline, build pipeline, deployment pipeline, GitLab CI, content pipeline, "
        "sales pipeline, hiring pipeline",
    ),
    Concept(
        "relational database, sql, postgresql, mysql, oracle, database",
        "PostgreSQL, Postgres, PostGIS, TimescaleDB, MySQL, MariaDB, Oracle, SQL Server, Redshift, Snowflake, PL/SQL",
        "SQL, schema, slow query, queries, database, table design, partitioning, spatial indexing, data model",
        "test database, seeded database, Access database",
    ),
    Concept(
        "http api, rest api, api, web service",
        "FastAPI, GraphQL, gRPC, OpenAPI, Django REST framework",
        "API, REST, HTTP service, web service, endpoint, webhook",
        "calls a * API, API economy, test the API, test the * API, tested the API",
    ),
    Concept(
        "automated testing, automated test, continuous integration, unit test, test automation",
        "pytest, JUnit, Jest, Playwright, Selenium, Robot Framework, testcontainers, Jenkins, GitHub Actions, "
        "GitLab CI, CircleCI",
        "unit test, automated test, property-based test, contract test, end-to-end test, test coverage, "
        "regression suite, "
        "continuous integration, failing test, compatibility test, tests for, trunk-based",
        "manual tests, restore tests, test restores",
    ),
    Concept(
        "monitoring, on-call, on call, incident, alerting, healthy in production",
        "Prometheus, Grafana, Datadog, Nagios, Zabbix, New Relic, PagerDuty, Sentry, Loki",
        "on-call, on call, pager, incident, outage, alert, alerting, monitoring, post-mortem, runbook, support rota, "
        "on duty, error budget, service level objective, blameless",
    ),
    Concept(
        "kafka, event streaming, message queue, messaging",
        "Kafka, Kinesis, RabbitMQ, Pulsar, Pub/Sub, Redpanda, MSK",
        "event bus, event streaming, streaming platform",
    ),
    Concept(
        "aws, google cloud, azure, cloud",
        "AWS, Google Cloud, GCP, Azure, CDK, ECS, EKS, RDS, EC2, Lambda",
        "cloud infrastructure",
    ),
    Concept(
        "infrastructure as code, described as code, terraform, ansible",
        "Terraform, Ansible, CloudFormation, CDK, Pulumi, Puppet, Chef",
        "infrastructure as code",
    ),
    Concept(
        "container, kubernetes, docker",
        "Docker, Kubernetes, Helm, EKS, GKE, AKS, Podman, OpenShift",
        "containerised",
    ),
    Concept(
        "mentoring, mentor, coaching, code review, training others",
        "",
        "mentor, mentored, mentoring, coach, coached, supervised, interns, code review, merge requests, "
        "design review, pair with, trained, taught",
    ),
    Concept(
        "machine learning, deep learning, data science",
        "scikit-learn, PyTorch, TensorFlow, XGBoost, ONNX, MLflow, Keras",
        "machine learning, recommender, gradient boosting, neural network",
    ),
    Concept(
        "linux, server, network, system administration",
        "Linux, Ubuntu, Debian, Solaris, FreeBSD, Windows Server",
        "servers, network, firewall",
    ),
    Concept(
        "scripting, bash, shell, automation",
        "Bash, PowerShell, Perl, Python, Ansible",
        "shell, script, scripts, automation",
    ),
    Concept(
        "backup, restore, migration",
        "",
        "backup, restore, migration, migrated, failover, version upgrade, recovery",
    ),
    Concept(
        "incident review, post-mortem, learning from, written review",
        "",
        "post-mortem, review, reports, lessons",
    ),
)

GENERIC = frozenset(
    listed(
        """
    ability able after all also any applied at both building common communication daily deep degree
    demonstrated designing developing development each eight engineer engineering environment equivalent etc
    example excellent experience experienced expertise familiar familiarity field five fluency fluent four
    good great habit hand hands-on industry job keeping knowledge large leading least less level look looking
    maintaining matter matters minimum more most new newly nine one own people planned plus practical
    preferably production professional proficiency proficient proven putting related relevant role running
    senior seven several similar six skill software solid strong such system team ten than three tool two
    understanding used using well within without work working year
    """,
        " ",
    )
)
"""Words that say nothing about what a demand is about."""


def concepts(demand: str) -> list[Concept]:
    """The concepts that a demand asks for."""
    return [concept for concept in _CONCEPTS if finder(listed(concept.asked)).search(demand)]


@lru_cache(maxsize=1024)
def _pattern(terms: tuple[str, ...]) -> re.Pattern[str]:
    """Any of the terms as whole words, in any case, in the plural too, with a hyphen or a blank between words.

    A ``*`` stands for any one word, and at the end of a word for any ending.
    """
    longest_first = sorted({*terms}, key=lambda term: (-len(term), term))
    choices = (r"[\s-]".join(map(_word, re.split(r"[\s-]+", term))) for term in longest_first)
    return (
        re.compile(rf"(?<![\w+#])(?:{'|'.join(choices)})(?:e?s)?(?![\w+#])", re.I)
        if terms
        else re.compile(r"(?!)")
    )


def _word(word: str) -> str:
    if word == "*":
        return r"\w+"
    return re.escape(word.removesuffix("*")) + (r"\w*" if word.endswith("*") else "")


def stem(word: str) -> str:
    """A word without its ending, and ``*`` for any other: a crude rule, for English."""
    bare = re.sub(r"(?<=\w{3})(?:ies|y)$|(?<=\w{3})(?:ing|ed|es|er|s|e)$", "", word)
    bare = re.sub(r"([b-df-hj-kmnp-tv-z])\1$", r"\1", bare)  # planning, planned: plan
    return f"{bare}*" if len(bare) >= 4 else word


def finder(terms: Iterable[str]) -> re.Pattern[str]:
    """A pattern that finds any of the terms, the longest first; none finds nothing."""
    return _pattern(tuple(terms))
