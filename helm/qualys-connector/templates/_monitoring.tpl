{{/* Whether to make the PrometheusRule; fails where it can't be made and nobody said that this is fine. */}}
{{- define "qualys-connector.hasPrometheusRule" -}}
{{- $rule := .Values.prometheusRule -}}
{{- if $rule.enabled -}}
{{- if or (eq $rule.whenMissing "always") (.Capabilities.APIVersions.Has "monitoring.coreos.com/v1") -}}
true
{{- else if eq $rule.whenMissing "fail" -}}
{{- fail "\n\n  * prometheusRule.enabled: this cluster has no PrometheusRule (monitoring.coreos.com/v1). Install the Prometheus operator, or say prometheusRule.whenMissing: skip (or always, where a template is rendered for another cluster)\n" -}}
{{- end -}}
{{- end -}}
{{- end }}
