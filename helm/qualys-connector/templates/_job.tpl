{{/* The spec of an import's Job. Of a dict as for the pod. */}}

{{- define "qualys-connector.jobSpec" -}}
{{- $import := .import -}}
{{- $pods := include "qualys-connector.pods" $import | int -}}
{{- $indexed := and (ne $import.mode "single") (not .args) -}}
activeDeadlineSeconds: {{ int64 $import.activeDeadlineSeconds }}
ttlSecondsAfterFinished: {{ int64 $import.ttlSecondsAfterFinished }}
{{- if $indexed }}
completionMode: Indexed
completions: {{ $pods }}
parallelism: {{ min (int $import.parallelism) $pods }}
{{- /* Each index has attempts of its own, so that one that fails doesn't end the others. */}}
backoffLimitPerIndex: {{ int64 $import.backoffLimit }}
{{- else }}
backoffLimit: {{ int64 $import.backoffLimit }}
{{- end }}
{{- $ofTemplate := ternary $import.failIndexOnExitCodes list $indexed }}
{{- $ofAll := list }}
{{- range $import.failOnExitCodes }}
{{- if not (has . $ofTemplate) }}
{{- $ofAll = append $ofAll . }}
{{- end }}
{{- end }}
podFailurePolicy:
  rules:
    {{- with include "qualys-connector.onExitCodes" (dict "action" "FailIndex" "codes" $ofTemplate) }}
    {{- nindent 4 . }}
    {{- end }}
    {{- with include "qualys-connector.onExitCodes" (dict "action" "FailJob" "codes" $ofAll) }}
    {{- nindent 4 . }}
    {{- end }}
    # A pod that had to make room didn't fail.
    - action: Ignore
      onPodConditions:
        - type: DisruptionTarget
          status: "True"
template:
  {{- include "qualys-connector.podTemplate" . | nindent 2 }}
{{- end }}

{{/* A rule of a pod failure policy: of a dict with `action` and `codes`; none without codes. */}}
{{- define "qualys-connector.onExitCodes" -}}
{{- with .codes -}}
- action: {{ $.action }}
  onExitCodes:
    containerName: qualys-connector
    operator: In
    values:
      {{- range . }}
      - {{ int64 . }}
      {{- end }}
{{- end }}
{{- end }}
