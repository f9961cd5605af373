"""Alerts, workbook and saved queries on what the stack logs."""
