{{/* The spec of an import's Job. Of a dict as for the pod. */}}

{{- define "qualys-connector.jobSpec" -}}
{{- $import := .import -}}
{{- $indexed := and (eq $import.mode "indexed") (not .args) -}}
activeDeadlineSeconds: {{ int64 $import.activeDeadlineSeconds }}
ttlSecondsAfterFinished: {{ int64 $import.ttlSecondsAfterFinished }}
{{- if $indexed }}
completionMode: Indexed
completions: {{ len $import.templates }}
parallelism: {{ min (int $import.parallelism) (len $import.templates) }}
{{- /* Each template has attempts of its own, so that one that fails doesn't end the others. */}}
backoffLimitPerIndex: {{ int64 $import.backoffLimit }}
{{- else }}
backoffLimit: {{ int64 $import.backoffLimit }}
{{- end }}
podFailurePolicy:
  rules:
    {{- with $import.failOnExitCodes }}
    - action: FailJob
      onExitCodes:
        containerName: qualys-connector
        operator: In
        values:
          {{- range . }}
          - {{ int64 . }}
          {{- end }}
    {{- end }}
    # A pod that had to make room didn't fail.
    - action: Ignore
      onPodConditions:
        - type: DisruptionTarget
          status: "True"
template:
  {{- include "qualys-connector.podTemplate" . | nindent 2 }}
{{- end }}
