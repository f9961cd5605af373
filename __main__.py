"""Azure OpenAI behind API Management, with every prompt, completion and token accounted for."""

from components import config, environment, insights, naming, outputs, retry, short_life
from components.api_logging import ApiLogging
from components.gateway import Gateway, GatewayArgs
from components.openai_account import OpenAIAccount, OpenAIAccountArgs
from components.openai_api import OpenAIApi, OpenAIApiArgs
from components.resource_group import resource_group
from components.settings import GATEWAY_ROLES
from components.workspace import Workspace, WorkspaceArgs

short_life.begin()
retry.everywhere()
settings = config.load()
azure = environment.current()
group_name = resource_group(settings)
suffix = naming.suffix("name-suffix", keepers=settings.place)

workspace = Workspace(
    "workspace",
    WorkspaceArgs(
        existing_id=settings.workspace_id,
        name=naming.name(settings.workspace_name, "log", suffix),
        resource_group_name=group_name,
        location=settings.location,
        retention_days=settings.workspace_retention_days,
        daily_cap_gb=settings.workspace_daily_cap_gb,
        tags=settings.tags,
        protect=settings.protect,
    ),
)
account = OpenAIAccount(
    "openai-account",
    OpenAIAccountArgs(
        name=naming.name(settings.account_name, "oai", suffix),
        resource_group_name=group_name,
        location=settings.location,
        environment=azure,
        deployments=settings.deployments,
        diagnostic_setting_name=settings.account_diagnostic_setting_name,
        workspace_id=workspace.id,
        tags=settings.tags,
        protect=settings.protect,
    ),
)
gateway = Gateway(
    "gateway",
    GatewayArgs(
        existing_id=settings.gateway_id,
        name=naming.name(settings.gateway_name, "apim", suffix),
        resource_group_name=group_name,
        location=settings.location,
        tier=settings.gateway_tier,
        units=settings.gateway_units,
        organization_name=settings.organization_name,
        administrator_email=settings.administrator_email,
        logger=settings.gateway_logger,
        diagnostic_setting_name=settings.gateway_diagnostic_setting_name,
        workspace_id=workspace.id,
        tags=settings.tags,
        protect=settings.protect,
    ),
)
api = OpenAIApi(
    "openai-api",
    OpenAIApiArgs(
        account=account,
        gateway=gateway,
        environment=azure,
        role_id=GATEWAY_ROLES[settings.gateway_role],
        api_name=settings.api_name,
        path=settings.api_path,
        document=settings.api_document,
        backend_timeout=settings.backend_timeout_seconds,
        logging=ApiLogging.from_settings(settings),
        product_name=settings.product_name,
        product_description=settings.product_description,
        consumers=settings.consumers,
        export_keys=settings.export_keys,
    ),
)
shown = insights.declare(settings, suffix, group_name, workspace, account, gateway, api)
outputs.export(settings, azure, workspace, account, gateway, api, shown)
