{{/* A rule of a NetworkPolicy: of a dict with `to`, and `url` or `host` and `port`. An address needs no peers. */}}
{{- define "qualys-connector.egress" -}}
{{- $host := .host -}}
{{- $port := .port -}}
{{- if .url -}}
{{- $parts := urlParse .url -}}
{{- $host = $parts.hostname -}}
{{- $port = regexFind ":[0-9]+$" $parts.host | trimPrefix ":" | default (ternary "80" "443" (eq $parts.scheme "http")) -}}
{{- end -}}
- ports:
    - {port: {{ $port }}, protocol: TCP}
  {{- if .to }}
  to:
    {{- toYaml .to | nindent 4 }}
  {{- else if regexMatch "^[0-9]+([.][0-9]+){3}$" (default "" $host) }}
  to:
    - ipBlock: {cidr: {{ $host }}/32}
  {{- else if contains ":" (default "" $host) }}
  to:
    - ipBlock: {cidr: "{{ $host | trimPrefix "[" | trimSuffix "]" }}/128"}
  {{- end }}
{{- end }}
