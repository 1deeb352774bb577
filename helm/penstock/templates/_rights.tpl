{{/* What the operator may do where jobs are. It reads no Secret: Pods refer to them. */}}
{{- define "penstock.jobRights" -}}
- apiGroups: [penstock.dev]
  resources: [streamjobs, scalingpolicies]
  verbs: [get, list, watch, update, patch]
- apiGroups: [penstock.dev]
  resources: [jobsnapshots]
  verbs: [get, list, watch, create, update, patch, delete]
- apiGroups: [penstock.dev]
  resources: [streamjobs/status, scalingpolicies/status, jobsnapshots/status]
  verbs: [update, patch]
- apiGroups: [penstock.dev]
  resources: [streamjobs/finalizers, scalingpolicies/finalizers, jobsnapshots/finalizers]
  verbs: [update]
- apiGroups: [""]
  resources: [pods, configmaps]
  verbs: [get, list, watch, create, delete]
- apiGroups: [""]
  resources: [pods/resize]
  verbs: [update, patch]
- apiGroups: [""]
  resources: [secrets]
  verbs: [create, delete]
- apiGroups: [policy]
  resources: [poddisruptionbudgets]
  verbs: [get, list, watch, create, delete]
- apiGroups: [""]
  resources: [resourcequotas]
  verbs: [get, list, watch]
- apiGroups: [events.k8s.io]
  resources: [events]
  verbs: [create, patch]
{{- end -}}

{{- define "penstock.subject" -}}
- kind: ServiceAccount
  name: {{ include "penstock.serviceAccountName" . }}
  namespace: {{ .Release.Namespace }}
{{- end -}}
