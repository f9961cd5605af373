"""Azure OpenAI behind API Management, with every prompt, completion and token accounted for."""

from components import call_path, outputs, protection, startup
from components.azure import environment, naming, retry
from components.insights.component import Insights, InsightsArgs, subject
from components.key_vault import KeyVault, KeyVaultArgs
from components.openai_api import routing
from components.openai_api.component import OpenAIApi, OpenAIApiArgs
from components.openai_api.diagnostic import ApiLogging
from components.openai_api.token_callers import TokenCallers
from components.preflight.head import refuse_early
from components.resource_group import resource_group
from components.settings.limits import GATEWAY_ROLES
from components.settings.load import load_settings
from components.workspace import Workspace, WorkspaceArgs

startup.postpone_garbage_collection()
retry.everywhere()
settings = load_settings()
azure = environment.current()
vouched = refuse_early(settings, azure)
group_name = resource_group(settings)
suffix = naming.suffix("name-suffix", keepers=settings.place)

workspace = Workspace(
    "workspace",
    WorkspaceArgs(
        existing_id=settings.workspace_id,
        name=naming.name(settings.workspace_name, "log", suffix),
        group=settings.resource_group_name,
        group_is_created=not settings.use_existing_resource_group,
        resource_group_name=group_name,
        location=settings.location,
        retention_days=settings.workspace_retention_days,
        daily_cap_gb=settings.workspace_daily_cap_gb,
        tags=settings.tags,
        protect=settings.protect,
    ),
)
every_account, gateway = call_path.declare(
    settings,
    azure,
    resource_group_name=group_name,
    suffix=suffix,
    workspace_id=workspace.id,
    vouched=vouched,
)
api = OpenAIApi(
    "openai-api",
    OpenAIApiArgs(
        accounts=every_account,
        routing=routing.plan(settings.api_name, settings.accounts),
        gateway=gateway,
        environment=azure,
        role_id=GATEWAY_ROLES[settings.gateway_role],
        api_name=settings.api_name,
        path=settings.api_path,
        document=settings.api_document,
        backend_timeout=settings.backend_timeout_seconds,
        without=settings.policy_without,
        plans=settings.limited,
        logging=ApiLogging.from_settings(settings),
        product_name=settings.product_name,
        product_description=settings.product_description,
        consumers=settings.consumers,
        callers=TokenCallers.of(settings, azure),
        export_keys=settings.exports_keys,
    ),
)
key_vault = (
    KeyVault(
        "key-vault",
        KeyVaultArgs(
            vault=settings.key_vault,
            name=naming.name("", "kv", suffix),
            resource_group_name=group_name,
            location=settings.location,
            public=settings.key_vault_public,
            tags=settings.tags,
            protect=settings.protect,
        ),
    )
    if settings.key_vault
    else None
)
insights = (
    Insights(
        "insights",
        InsightsArgs(
            suffix=suffix,
            resource_group_name=group_name,
            workspace_id=workspace.id,
            existing_workspace_id=workspace.of_others,
            workspace_location=workspace.location,
            subject=subject(settings, every_account, gateway, api),
            alerts=settings.alerts,
            emails=settings.alert_emails,
            webhooks=settings.alert_webhooks,
            tags=settings.tags,
        ),
    )
    if settings.insights
    else None
)
protection.declare(
    [workspace, *every_account, gateway, api, *filter(None, [key_vault, insights])],
    protect=settings.protect,
)
outputs.export(settings, azure, workspace, every_account, gateway, api, key_vault, insights)
