// Loads an etcd cluster as `raftdb bench` loads RaftDb: the same keys, values, clients and figures, through etcd's own client library.
// scripts/bench/compare builds and runs it; the last line of standard output is a JSON object.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand"
	"os"
	"sort"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"go.etcd.io/etcd/clientv3"
)

var (
	endpoints    = flag.String("endpoints", "127.0.0.1:2379", "client addresses, separated by commas")
	workload     = flag.String("load", "put", "put, get, mixed, batch, scan, fill or status")
	clients      = flag.Int("clients", 64, "clients, each with one request at a time")
	connections  = flag.Int("connections", 0, "connections; 0: one for ten clients, as etcd's own documentation of its benchmark has it")
	seconds      = flag.Float64("seconds", 10, "measured seconds")
	warmUp       = flag.Float64("warm-up", 3, "seconds of the same load before it")
	valueSize    = flag.Int("value-size", 100, "bytes of a value")
	keys         = flag.Int("keys", 100000, "how many keys")
	batch        = flag.Int("batch", 100, "batch, fill: puts in a transaction; scan: keys of a scan")
	readShare    = flag.Float64("read-share", 0.9, "mixed: share of reads")
	serializable = flag.Bool("serializable", false, "reads from whatever node, as old as they are")
	operations   = flag.Int64("operations", 0, "end after so many operations instead of after a time; all count, without warm-up")
	allEndpoints = flag.Bool("all-endpoints", false, "clients know all nodes, not the leader alone, so that they survive one")
	seed         = flag.Int64("seed", time.Now().UnixNano()%1000, "of the order of keys; drawn without")
)

// maxRequest is what a fill's transactions stay below: etcd refuses larger ones than 1.5 MiB.
const maxRequest = 1 << 20

// keyOf is the key that `raftdb bench` has under this number.
func keyOf(number int) string {
	return fmt.Sprintf("%c/bench/%08d", 'a'+rune(number%26), number)
}

// tally is what one client saw.
type tally struct {
	latencies []time.Duration
	finished  []time.Time
	errors    int64
	lastError string
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "etcd-load:", err)
	os.Exit(1)
}

func dial(to []string) *clientv3.Client {
	client, err := clientv3.New(clientv3.Config{Endpoints: to, DialTimeout: 5 * time.Second})
	if err != nil {
		fail(err)
	}
	return client
}

// leaderOf asks every node; puts and linearizable reads go to the leader alone, which is the best case for etcd.
func leaderOf(all []string) (string, map[string]*clientv3.StatusResponse) {
	leader := ""
	known := map[string]*clientv3.StatusResponse{}
	for _, one := range all {
		client := dial([]string{one})
		ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
		status, err := client.Status(ctx, one)
		cancel()
		client.Close()
		if err != nil {
			continue
		}
		known[one] = status
		if status.Leader != 0 && status.Header.MemberId == status.Leader {
			leader = one
		}
	}
	return leader, known
}

// request gives the function that makes one request of the load; it answers how many operations that was.
func request(client *clientv3.Client, random *rand.Rand, value string) func(context.Context) (int, error) {
	var read []clientv3.OpOption
	if *serializable {
		read = append(read, clientv3.WithSerializable())
	}
	put := func(ctx context.Context) (int, error) {
		_, err := client.Put(ctx, keyOf(random.Intn(*keys)), value)
		return 1, err
	}
	get := func(ctx context.Context) (int, error) {
		_, err := client.Get(ctx, keyOf(random.Intn(*keys)), read...)
		return 1, err
	}
	switch *workload {
	case "put":
		return put
	case "get":
		return get
	case "mixed":
		return func(ctx context.Context) (int, error) {
			if random.Float64() < *readShare {
				return get(ctx)
			}
			return put(ctx)
		}
	case "batch":
		return func(ctx context.Context) (int, error) {
			puts := make([]clientv3.Op, 0, *batch)
			// A transaction may touch a key once only.
			first := random.Intn(*keys)
			for i := 0; i < *batch; i++ {
				puts = append(puts, clientv3.OpPut(keyOf((first+i*7919)%*keys), value))
			}
			_, err := client.Txn(ctx).Then(puts...).Commit()
			return len(puts), err
		}
	case "scan":
		options := append([]clientv3.OpOption{clientv3.WithFromKey(), clientv3.WithLimit(int64(*batch))}, read...)
		return func(ctx context.Context) (int, error) {
			_, err := client.Get(ctx, keyOf(random.Intn(*keys)), options...)
			return 1, err
		}
	}
	fail(fmt.Errorf("-load %s is not known", *workload))
	return nil
}

func run(all []string) {
	to := all
	if !*serializable {
		leader, _ := leaderOf(all)
		if leader == "" {
			fail(fmt.Errorf("no leader among %v", all))
		}
		to = []string{leader}
	}
	count := *connections
	if count == 0 {
		count = (*clients + 9) / 10
	}
	if *serializable && count < len(to) && *clients >= len(to) {
		count = len(to)
	}
	shared := make([]*clientv3.Client, count)
	for i := range shared {
		if *allEndpoints {
			shared[i] = dial(all)
		} else {
			shared[i] = dial([]string{to[i%len(to)]})
		}
	}
	value := strings.Repeat("x", *valueSize)
	begun := time.Now()
	from := begun.Add(time.Duration(*warmUp * float64(time.Second)))
	until := from.Add(time.Duration(*seconds * float64(time.Second)))
	left := *operations
	if left > 0 {
		from = begun
		until = begun.Add(24 * time.Hour)
	}
	tallies := make([]tally, *clients)
	counts := make([]int, *clients)
	var all_ sync.WaitGroup
	for number := 0; number < *clients; number++ {
		all_.Add(1)
		go func(number int) {
			defer all_.Done()
			mine := &tallies[number]
			do := request(shared[number%count], rand.New(rand.NewSource(*seed*100003+int64(number))), value)
			for {
				asked := time.Now()
				if asked.After(until) || *operations > 0 && atomic.AddInt64(&left, -1) < 0 {
					return
				}
				ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
				done, err := do(ctx)
				cancel()
				answered := time.Now()
				if answered.Before(from) || answered.After(until) {
					continue
				}
				if err != nil {
					mine.errors++
					mine.lastError = err.Error()
					if *operations > 0 {
						// Tried again, by whoever comes next.
						atomic.AddInt64(&left, 1)
					}
					continue
				}
				counts[number] += done
				mine.latencies = append(mine.latencies, answered.Sub(asked))
				mine.finished = append(mine.finished, answered)
			}
		}(number)
	}
	all_.Wait()
	if *operations > 0 {
		until = time.Now()
	}
	report(tallies, counts, from, until)
}

func report(tallies []tally, counts []int, from, until time.Time) {
	var latencies []time.Duration
	var finished []time.Time
	var errors, done int64
	lastError := ""
	for i := range tallies {
		latencies = append(latencies, tallies[i].latencies...)
		finished = append(finished, tallies[i].finished...)
		errors += tallies[i].errors
		done += int64(counts[i])
		if tallies[i].lastError != "" {
			lastError = tallies[i].lastError
		}
	}
	sort.Slice(latencies, func(i, j int) bool { return latencies[i] < latencies[j] })
	sort.Slice(finished, func(i, j int) bool { return finished[i].Before(finished[j]) })
	// The longest time without an answer; what goes on at the end is a gap too.
	longest := time.Duration(0)
	last := from
	for _, one := range append(finished, until) {
		if gap := one.Sub(last); gap > longest {
			longest = gap
		}
		last = one
	}
	took := until.Sub(from).Seconds()
	at := func(share float64) float64 {
		if len(latencies) == 0 {
			return 0
		}
		return float64(latencies[int(share*float64(len(latencies)-1))]) / 1e6
	}
	out, _ := json.Marshal(map[string]interface{}{
		"ops": done, "seconds": took, "ops_per_second": float64(done) / took, "errors": errors, "last_error": lastError,
		"p50_ms": at(0.5), "p99_ms": at(0.99), "p999_ms": at(0.999), "longest_gap_ms": float64(longest) / 1e6,
	})
	fmt.Println(string(out))
}

// fill writes every key once, in transactions.
func fill(all []string) {
	leader, _ := leaderOf(all)
	if leader == "" {
		fail(fmt.Errorf("no leader among %v", all))
	}
	value := strings.Repeat("x", *valueSize)
	if most := maxRequest / (*valueSize + 64); *batch > most {
		*batch = most
	}
	begun := time.Now()
	next := make(chan int)
	var writers sync.WaitGroup
	for i := 0; i < *clients; i++ {
		writers.Add(1)
		go func() {
			defer writers.Done()
			client := dial([]string{leader})
			defer client.Close()
			for first := range next {
				var puts []clientv3.Op
				for number := first; number < first+*batch && number < *keys; number++ {
					puts = append(puts, clientv3.OpPut(keyOf(number), value))
				}
				ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
				if _, err := client.Txn(ctx).Then(puts...).Commit(); err != nil {
					fail(err)
				}
				cancel()
			}
		}()
	}
	for first := 0; first < *keys; first += *batch {
		next <- first
	}
	close(next)
	writers.Wait()
	fmt.Printf("{\"ops\":%d,\"seconds\":%f}\n", *keys, time.Since(begun).Seconds())
}

func status(all []string) {
	leader, known := leaderOf(all)
	applied := map[string]uint64{}
	for one, status := range known {
		applied[one] = status.RaftAppliedIndex
	}
	out, _ := json.Marshal(map[string]interface{}{"leader": leader, "applied": applied})
	fmt.Println(string(out))
}

func main() {
	flag.Parse()
	all := strings.Split(*endpoints, ",")
	switch *workload {
	case "fill":
		fill(all)
	case "status":
		status(all)
	default:
		run(all)
	}
}
