"""Tab PTU and fine-tuning: provisioned throughput, training, and models near retirement."""

from __future__ import annotations

from components.insights.workbook.columns import CALLS, DEPLOYMENT, MODEL
from components.insights.workbook.tiles import Aggregation as Of
from components.insights.workbook.tiles import Column, Format, LogTile, Metric, MetricTile, Tab

PROVISIONED = Tab(
    title="PTU and fine-tuning",
    note=(
        "Utilisation and the cache's share exist for provisioned deployments only, and Azure does "
        "not export them to the workspace: these charts are the only place to see them."
    ),
    tiles=(
        LogTile(
            title="Models near retirement",
            query="retirements",
            columns=(
                DEPLOYMENT,
                MODEL,
                Column("Retires", "Retires", Format.TIME),
                Column("DaysLeft", "Days left", Format.NUMBER),
                CALLS,
            ),
            empty="No deployment with a known retirement date was called in this time.",
        ),
        MetricTile(
            title="Provisioned utilisation",
            question="How much of each deployment's provisioned throughput is in use?",
            metrics=(
                Metric(
                    "AzureOpenAIProvisionedManagedUtilizationV2",
                    "Provisioned-managed utilization V2",
                    Of.AVERAGE,
                ),
            ),
        ),
        MetricTile(
            title="Highest provisioned utilisation",
            question="How near did each deployment come to the limit, beyond which calls get 429?",
            metrics=(
                Metric(
                    "AzureOpenAIProvisionedManagedUtilizationV2",
                    "Provisioned-managed utilization V2",
                    Of.MAXIMUM,
                ),
            ),
        ),
        MetricTile(
            title="Provisioned utilisation, deprecated metric",
            question="What did the metric say that V2 replaced?",
            metrics=(
                Metric(
                    "AzureOpenAIProvisionedManagedUtilization",
                    "Provisioned-managed utilization",
                    Of.AVERAGE,
                ),
            ),
        ),
        MetricTile(
            title="Active tokens",
            question="How many tokens did provisioned deployments process, cached ones left out?",
            metrics=(Metric("ActiveTokens", "Active tokens"),),
        ),
        MetricTile(
            title="Training hours",
            question="How many hours of fine-tuning were processed?",
            metrics=(Metric("FineTunedTrainingHours", "Processed fine-tuned training hours"),),
        ),
    ),
)
