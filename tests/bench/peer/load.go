package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"sync"
	"syscall"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/dynamic"
)

const (
	namespace = "default"
	clients   = 16
	patience  = 5 * time.Minute
	sql       = `CREATE TABLE numbers (n BIGINT) WITH ('connector' = 'datagen', 'rows-per-second' = '10');
CREATE TABLE nowhere (n BIGINT) WITH ('connector' = 'blackhole');
INSERT INTO nowhere SELECT n FROM numbers;`
)

var podResource = schema.GroupVersionResource{Version: "v1", Resource: "pods"}

type settings struct {
	api   dynamic.Interface
	count int
	rate  int
	words []string // after --
}

func parse(arguments []string) (settings, error) {
	flags := flag.NewFlagSet("load", flag.ExitOnError)
	kubeconfig := flags.String("kubeconfig", "", "")
	count := flags.Int("count", 1000, "objects")
	rate := flags.Int("rate", 100, "changes per second")
	flags.Parse(arguments)
	config, err := restConfig(*kubeconfig)
	if err != nil {
		return settings{}, err
	}
	api, err := dynamic.NewForConfig(config)
	return settings{api, *count, *rate, flags.Args()}, err
}

// What happened to named objects, in milliseconds from a beginning that is noted to an end that a watch shows.
type stopwatch struct {
	mutex  sync.Mutex
	begun  map[string]time.Time
	wanted map[string]int64 // change: the generation to be observed
	ended  map[string]time.Time
	change chan struct{}
}

func newStopwatch() *stopwatch {
	return &stopwatch{begun: map[string]time.Time{}, wanted: map[string]int64{}, ended: map[string]time.Time{}, change: make(chan struct{}, 1)}
}

func (s *stopwatch) begin(name string) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.begun[name] = time.Now()
}

func (s *stopwatch) end(name string) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if _, known := s.begun[name]; known && s.ended[name].IsZero() {
		s.ended[name] = time.Now()
		select {
		case s.change <- struct{}{}:
		default:
		}
	}
}

func (s *stopwatch) wait(count int) error {
	timeout := time.After(patience)
	for {
		s.mutex.Lock()
		done := len(s.ended)
		s.mutex.Unlock()
		if done >= count {
			return nil
		}
		select {
		case <-s.change:
		case <-timeout:
			return fmt.Errorf("%d of %d after %s", done, count, patience)
		}
	}
}

func (s *stopwatch) print(began time.Time, sent time.Duration) error {
	var took []float64
	for name, at := range s.ended {
		took = append(took, at.Sub(s.begun[name]).Seconds()*1000)
	}
	slices.Sort(took)
	at := func(share float64) float64 { return took[min(len(took)-1, int(share*float64(len(took))))] }
	return json.NewEncoder(os.Stdout).Encode(map[string]any{"count": len(took), "sent_seconds": sent.Seconds(),
		"all_seconds": time.Since(began).Seconds(), "p50_ms": at(0.5), "p99_ms": at(0.99), "most_ms": at(1)})
}

// Does work for 0..count-1, waits until the watch has shown the end of each, and tells.
func (s *stopwatch) measure(count int, work func(int) error) error {
	began := time.Now()
	if err := each(count, work); err != nil {
		return err
	}
	sent := time.Since(began)
	if err := s.wait(count); err != nil {
		return err
	}
	return s.print(began, sent)
}

func follow(ctx context.Context, api dynamic.ResourceInterface, seen func(watch.EventType, *unstructured.Unstructured)) error {
	list, err := api.List(ctx, metav1.ListOptions{Limit: 1})
	if err != nil {
		return err
	}
	events, err := api.Watch(ctx, metav1.ListOptions{ResourceVersion: list.GetResourceVersion()})
	if err != nil {
		return err
	}
	go func() {
		for event := range events.ResultChan() {
			if object, ok := event.Object.(*unstructured.Unstructured); ok {
				seen(event.Type, object)
			}
		}
	}()
	return nil
}

// Calls work for 0..count-1 from several clients at once.
func each(count int, work func(int) error) error {
	next, failed := make(chan int), make(chan error, clients)
	var all sync.WaitGroup
	for range clients {
		all.Go(func() {
			for i := range next {
				if err := work(i); err != nil {
					select {
					case failed <- err:
					default:
					}
				}
			}
		})
	}
	for i := range count {
		next <- i
	}
	close(next)
	all.Wait()
	select {
	case err := <-failed:
		return err
	default:
		return nil
	}
}

func jobName(i int) string { return fmt.Sprintf("bench-%05d", i) }

// Jobs as fast as the API takes them, until each has its Pod.
func create(arguments []string) error {
	s, err := parse(arguments)
	if err != nil {
		return err
	}
	ctx, watched := context.Background(), newStopwatch()
	err = follow(ctx, s.api.Resource(podResource).Namespace(namespace), func(kind watch.EventType, pod *unstructured.Unstructured) {
		for _, owner := range pod.GetOwnerReferences() {
			if kind == watch.Added && owner.Kind == "StreamJob" {
				watched.end(owner.Name)
			}
		}
	})
	if err != nil {
		return err
	}
	return watched.measure(s.count, func(i int) error {
		job := &unstructured.Unstructured{Object: map[string]any{"apiVersion": group.String(), "kind": "StreamJob",
			"metadata": map[string]any{"name": jobName(i)}, "spec": map[string]any{"sql": sql}}}
		watched.begin(jobName(i))
		_, err := s.api.Resource(jobResource).Namespace(namespace).Create(ctx, job, metav1.CreateOptions{})
		return err
	})
}

// How long a program takes from its start to the first Pod of a job; it is ended then.
func first(arguments []string) error {
	s, err := parse(arguments)
	if err != nil {
		return err
	}
	seen := make(chan time.Time, 1)
	err = follow(context.Background(), s.api.Resource(podResource).Namespace(namespace), func(kind watch.EventType, _ *unstructured.Unstructured) {
		if kind == watch.Added {
			select {
			case seen <- time.Now():
			default:
			}
		}
	})
	if err != nil {
		return err
	}
	program := exec.Command(s.words[0], s.words[1:]...)
	program.Stdout, program.Stderr = os.Stderr, os.Stderr
	began := time.Now()
	if err := program.Start(); err != nil {
		return err
	}
	defer program.Wait()
	defer program.Process.Signal(syscall.SIGTERM)
	select {
	case at := <-seen:
		return json.NewEncoder(os.Stdout).Encode(map[string]any{"ms": at.Sub(began).Seconds() * 1000})
	case <-time.After(patience):
		return fmt.Errorf("no Pod after %s", patience)
	}
}

// Changes of jobs that exist, at a rate, until each one's generation has been observed.
func change(arguments []string) error {
	s, err := parse(arguments)
	if err != nil {
		return err
	}
	ctx, watched, jobs := context.Background(), newStopwatch(), s.api.Resource(jobResource).Namespace(namespace)
	before := map[string]int64{}
	list, err := jobs.List(ctx, metav1.ListOptions{})
	if err != nil {
		return err
	}
	for _, job := range list.Items {
		before[job.GetName()] = job.GetGeneration()
	}
	err = follow(ctx, jobs, func(_ watch.EventType, job *unstructured.Unstructured) {
		observed, _, _ := unstructured.NestedInt64(job.Object, "status", "observedGeneration")
		if observed > before[job.GetName()] {
			watched.end(job.GetName())
		}
	})
	if err != nil {
		return err
	}
	pace := time.NewTicker(time.Second / time.Duration(s.rate))
	defer pace.Stop()
	return watched.measure(s.count, func(i int) error {
		<-pace.C
		watched.begin(jobName(i))
		_, err := jobs.Patch(ctx, jobName(i), types.MergePatchType, []byte(`{"spec":{"parallelism":2}}`), metav1.PatchOptions{})
		return err
	})
}

// Pods that an operator caches and has nothing to do for.
func pods(arguments []string) error {
	s, err := parse(arguments)
	if err != nil {
		return err
	}
	began := time.Now()
	err = each(s.count, func(i int) error {
		pod := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "v1", "kind": "Pod",
			"metadata": map[string]any{"name": fmt.Sprintf("filler-%05d", i), "labels": map[string]any{managedBy: "penstock", "penstock.dev/job": "nobody"}},
			"spec":     map[string]any{"containers": []any{map[string]any{"name": "engine", "image": "penstock"}}}}}
		_, err := s.api.Resource(podResource).Namespace(namespace).Create(context.Background(), pod, metav1.CreateOptions{})
		return err
	})
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(map[string]any{"count": s.count, "all_seconds": time.Since(began).Seconds()})
}
