{{- define "penstock.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{/* Prefix of every object's name; short enough for what is appended to it. */}}
{{- define "penstock.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- else if contains (include "penstock.name" .) .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "penstock.name" .) | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{/*
Prefix of the names of objects without a namespace. Installations that watch namespaces of their own live side by side, so
theirs are told apart; two that watch all namespaces must not, and Helm refuses the second because of these names.
*/}}
{{- define "penstock.clusterName" -}}
{{- if and .Values.watchNamespaces .Values.watchNamespaceLabels -}}
{{- fail "set watchNamespaces or watchNamespaceLabels, not both" -}}
{{- end -}}
{{- if or .Values.watchNamespaces .Values.watchNamespaceLabels -}}
{{- printf "%s-%s" .Release.Namespace (include "penstock.fullname" .) -}}
{{- else -}}
{{- include "penstock.fullname" . -}}
{{- end -}}
{{- end -}}

{{- define "penstock.selectorLabels" -}}
app.kubernetes.io/name: {{ include "penstock.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: operator
{{- end -}}

{{- define "penstock.labels" -}}
{{ include "penstock.selectorLabels" . }}
app.kubernetes.io/part-of: penstock
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* The Pods of jobs, as the operator labels them. */}}
{{- define "penstock.engineSelector" -}}
matchLabels:
  app.kubernetes.io/managed-by: penstock-operator
matchExpressions:
- {key: penstock.dev/job, operator: Exists}
{{- end -}}

{{- define "penstock.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "penstock.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "penstock.image" -}}
{{- if .Values.image.digest -}}
{{- printf "%s@%s" .Values.image.repository .Values.image.digest -}}
{{- else -}}
{{- printf "%s:%s" .Values.image.repository (default .Chart.AppVersion .Values.image.tag) -}}
{{- end -}}
{{- end -}}

{{- define "penstock.kedaService" -}}
{{- printf "%s-keda" (include "penstock.fullname" .) -}}
{{- end -}}

{{- define "penstock.webhookService" -}}
{{- printf "%s-webhook" (include "penstock.fullname" .) -}}
{{- end -}}

{{/* Pod Security: restricted. No user: the image has one that is not root, and OpenShift chooses its own. */}}
{{- define "penstock.podSecurityContext" -}}
runAsNonRoot: true
seccompProfile: {type: RuntimeDefault}
{{- end -}}

{{- define "penstock.securityContext" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end -}}
