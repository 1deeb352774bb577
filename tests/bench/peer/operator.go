package main

import (
	"context"
	"flag"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"
)

const (
	managedBy = "app.kubernetes.io/managed-by"
	finalizer = "penstock.dev/peer"
)

type reconciler struct {
	client.Client
	scheme *runtime.Scheme
}

func operator(arguments []string) error {
	flags := flag.NewFlagSet("operator", flag.ExitOnError)
	kubeconfig := flags.String("kubeconfig", "", "")
	workers := flags.Int("workers", 1, "jobs at once")
	metrics := flags.String("metrics", "127.0.0.1:0", "HOST:PORT")
	flags.Parse(arguments)
	log.SetLogger(zap.New())
	config, err := restConfig(*kubeconfig)
	if err != nil {
		return err
	}
	scheme := runtime.NewScheme()
	clientgoscheme.AddToScheme(scheme)
	addJobs(scheme)
	ours := cache.ByObject{Label: labels.SelectorFromSet(labels.Set{managedBy: "penstock"})}
	manager, err := ctrl.NewManager(config, ctrl.Options{
		Scheme:  scheme,
		Metrics: metricsserver.Options{BindAddress: *metrics},
		Cache:   cache.Options{ByObject: map[client.Object]cache.ByObject{&corev1.Pod{}: ours, &corev1.ConfigMap{}: ours}},
	})
	if err != nil {
		return err
	}
	err = ctrl.NewControllerManagedBy(manager).For(&StreamJob{}).Owns(&corev1.Pod{}).Owns(&corev1.ConfigMap{}).
		WithOptions(controller.Options{MaxConcurrentReconciles: *workers}).
		Complete(&reconciler{Client: manager.GetClient(), scheme: scheme})
	if err != nil {
		return err
	}
	return manager.Start(ctrl.SetupSignalHandler())
}

func (r *reconciler) Reconcile(ctx context.Context, request ctrl.Request) (ctrl.Result, error) {
	job := &StreamJob{}
	if err := r.Get(ctx, request.NamespacedName, job); err != nil {
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	if !job.DeletionTimestamp.IsZero() {
		if controllerutil.RemoveFinalizer(job, finalizer) {
			return ctrl.Result{}, r.Update(ctx, job)
		}
		return ctrl.Result{}, nil
	}
	if controllerutil.AddFinalizer(job, finalizer) {
		return ctrl.Result{}, r.Update(ctx, job)
	}
	if job.Status.ObservedGeneration != job.Generation {
		job.Status.ObservedGeneration, job.Status.Phase = job.Generation, "Deploying"
		if err := r.Status().Update(ctx, job); err != nil {
			return ctrl.Result{}, err
		}
	}
	meta := metav1.ObjectMeta{Namespace: job.Namespace, Labels: map[string]string{managedBy: "penstock", "penstock.dev/job": job.Name}}
	settings, pod := &corev1.ConfigMap{ObjectMeta: meta, Data: map[string]string{"job.sql": job.Spec.SQL}}, &corev1.Pod{ObjectMeta: meta}
	settings.Name, pod.Name = job.Name+"-peer", job.Name+"-1"
	pod.Spec = podSpec(job, settings.Name)
	for _, object := range []client.Object{settings, pod} {
		if err := r.ensure(ctx, job, object); err != nil {
			return ctrl.Result{}, err
		}
	}
	return ctrl.Result{}, nil
}

func (r *reconciler) ensure(ctx context.Context, job *StreamJob, object client.Object) error {
	seen := object.DeepCopyObject().(client.Object)
	err := r.Get(ctx, client.ObjectKeyFromObject(object), seen)
	if !apierrors.IsNotFound(err) {
		return err
	}
	if err := controllerutil.SetControllerReference(job, object, r.scheme); err != nil {
		return err
	}
	if err := r.Create(ctx, object); err != nil && !apierrors.IsAlreadyExists(err) {
		return fmt.Errorf("%s: %w", object.GetName(), err)
	}
	return nil
}

func podSpec(job *StreamJob, settings string) corev1.PodSpec {
	size := corev1.ResourceList{
		corev1.ResourceCPU:    *resource.NewMilliQuantity(int64(100+1000*job.Spec.Parallelism), resource.DecimalSI),
		corev1.ResourceMemory: *resource.NewQuantity(int64(640+256*job.Spec.Parallelism)<<20, resource.BinarySI),
	}
	return corev1.PodSpec{
		RestartPolicy: corev1.RestartPolicyOnFailure,
		Containers: []corev1.Container{{
			Name: "engine", Image: "penstock", Args: []string{"run", "/etc/penstock/job.sql"},
			Resources:    corev1.ResourceRequirements{Requests: size, Limits: size},
			VolumeMounts: []corev1.VolumeMount{{Name: "job", MountPath: "/etc/penstock"}},
		}},
		Volumes: []corev1.Volume{{Name: "job", VolumeSource: corev1.VolumeSource{
			ConfigMap: &corev1.ConfigMapVolumeSource{LocalObjectReference: corev1.LocalObjectReference{Name: settings}}}}},
	}
}
