"""Monitoring for an ASGI service of LLM agents: metrics, logs, health and the request id that ties them together.

from backend.core.monitoring import Monitoring, get_logger

app = Monitoring(app)      # measures every request, serves /monitoring/*
"""

from .decorators import (
    track_agent_execution,
    track_cache,
    track_db_query,
    track_llm_request,
    track_tool_execution,
)
from .execution import Execution
from .health import CheckResult, Health, HealthCheck, Status
from .logs import Logger, configure_logging, get_logger
from .metrics import render_metrics
from .middleware import Monitoring
from .options import MonitoringOptions
from .problem import problem
from .recorders import AgentRecorder, CacheRecorder, LLMRecorder, QueryRecorder, ToolRecorder
from .request_id import current_request_id, request_id_var
from .usage import Usage, read_usage

__all__ = [
    "AgentRecorder",
    "CacheRecorder",
    "CheckResult",
    "Execution",
    "Health",
    "HealthCheck",
    "LLMRecorder",
    "Logger",
    "Monitoring",
    "MonitoringOptions",
    "QueryRecorder",
    "Status",
    "ToolRecorder",
    "Usage",
    "configure_logging",
    "current_request_id",
    "get_logger",
    "problem",
    "read_usage",
    "render_metrics",
    "request_id_var",
    "track_agent_execution",
    "track_cache",
    "track_db_query",
    "track_llm_request",
    "track_tool_execution",
]
