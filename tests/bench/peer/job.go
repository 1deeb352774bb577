package main

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// As much of a StreamJob as the operator here reads and writes.
type StreamJob struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`
	Spec              struct {
		SQL         string `json:"sql,omitempty"`
		Parallelism int    `json:"parallelism,omitempty"`
	} `json:"spec,omitempty"`
	Status struct {
		ObservedGeneration int64  `json:"observedGeneration,omitempty"`
		Phase              string `json:"phase,omitempty"`
	} `json:"status,omitempty"`
}

type StreamJobList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []StreamJob `json:"items"`
}

func (in *StreamJob) DeepCopyObject() runtime.Object {
	out := *in
	out.ObjectMeta = *in.ObjectMeta.DeepCopy()
	return &out
}

func (in *StreamJobList) DeepCopyObject() runtime.Object {
	out := *in
	out.ListMeta = *in.ListMeta.DeepCopy()
	out.Items = make([]StreamJob, len(in.Items))
	for i := range in.Items {
		out.Items[i] = *in.Items[i].DeepCopyObject().(*StreamJob)
	}
	return &out
}

var (
	group       = schema.GroupVersion{Group: "penstock.dev", Version: "v1alpha1"}
	jobResource = group.WithResource("streamjobs")
)

func addJobs(scheme *runtime.Scheme) {
	scheme.AddKnownTypes(group, &StreamJob{}, &StreamJobList{})
	metav1.AddToGroupVersion(scheme, group)
}
