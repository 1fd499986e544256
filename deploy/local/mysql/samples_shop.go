package mysql

import (
	"fmt"
	"strings"
	"time"
)

const (
	sampleCustomers = 120
	sampleOrders    = 240
)

func shopTables() []string {
	return []string{
		`CREATE TABLE customers (id INT PRIMARY KEY, name VARCHAR(80) NOT NULL, email VARCHAR(120) NOT NULL,
			prefecture VARCHAR(20) NOT NULL, created_at DATETIME NOT NULL)`,
		`CREATE TABLE products (id INT PRIMARY KEY, sku VARCHAR(20) NOT NULL, name VARCHAR(80) NOT NULL,
			price INT NOT NULL, stock INT NOT NULL)`,
		`CREATE TABLE orders (id INT PRIMARY KEY, customer_id INT NOT NULL, status VARCHAR(12) NOT NULL,
			total INT NOT NULL, ordered_at DATETIME NOT NULL)`,
		`CREATE TABLE order_items (id INT PRIMARY KEY, order_id INT NOT NULL, product_id INT NOT NULL,
			quantity INT NOT NULL, price INT NOT NULL)`,
	}
}

var (
	familyNames = []string{"Sato", "Suzuki", "Takahashi", "Tanaka", "Ito", "Watanabe", "Yamamoto", "Nakamura", "Kobayashi", "Kato"}
	givenNames  = []string{"Haruto", "Yui", "Sota", "Aoi", "Ren", "Hina", "Yuma", "Sakura", "Kaito", "Mei", "Minato", "Rin"}
	prefectures = []string{"Tokyo", "Osaka", "Kanagawa", "Aichi", "Fukuoka", "Hokkaido", "Kyoto", "Hyogo", "Miyagi", "Okinawa"}
	wares       = []string{
		"Green tea 100 g", "Roasted tea 100 g", "Teapot, cast iron", "Tea bowl", "Bamboo whisk", "Rice cooker",
		"Kitchen knife 180 mm", "Whetstone #1000", "Lunch box", "Furoshiki cloth", "Notebook A5", "Fountain pen", "Desk lamp",
		"Umbrella", "Towel, Imabari", "Chopsticks, pair", "Soy sauce 500 ml", "Miso 1 kg", "Incense", "Wind chime",
	}
	statuses = []string{"paid", "paid", "shipped", "shipped", "shipped", "cancelled", "new"}
)

func (s *samples) shop() []string {
	products := s.products()
	customers := s.customers()
	orders, items := s.makeOrders(products)
	return append(shopTables(), customers.insert(), products.table.insert(), orders.insert(), items.insert())
}

type catalogue struct {
	table  table
	prices []int
}

func (s *samples) products() catalogue {
	c := catalogue{table: table{name: "products"}}
	for i, name := range wares {
		price := 200 + 50*s.random.IntN(160)
		c.prices = append(c.prices, price)
		c.table.add(i+1, fmt.Sprintf("PP-%04d", 1000+7*i), name, price, s.random.IntN(500))
	}
	return c
}

func (s *samples) customers() table {
	t := table{name: "customers"}
	for i := 1; i <= sampleCustomers; i++ {
		given, family := pick(s.random, givenNames), pick(s.random, familyNames)
		email := fmt.Sprintf("%s.%s%d@mail.example", strings.ToLower(given), strings.ToLower(family), i)
		t.add(i, given+" "+family, email, pick(s.random, prefectures), s.moment(700))
	}
	return t
}

func (s *samples) makeOrders(products catalogue) (orders, items table) {
	orders, items = table{name: "orders"}, table{name: "order_items"}
	for id := 1; id <= sampleOrders; id++ {
		o := order{id: id, customer: 1 + s.random.IntN(sampleCustomers), at: s.moment(180), status: pick(s.random, statuses)}
		for range 1 + s.random.IntN(4) {
			product, quantity := s.random.IntN(len(products.prices)), 1+s.random.IntN(3)
			o.total += quantity * products.prices[product]
			items.add(len(items.rows)+1, id, product+1, quantity, products.prices[product])
		}
		orders.add(id, o.customer, o.status, o.total, o.at)
		s.orders = append(s.orders, o)
	}
	return orders, items
}

// moment is within so many days before a fixed day.
func (s *samples) moment(days int) time.Time {
	newest := time.Date(2026, 11, 20, 18, 0, 0, 0, time.UTC)
	return newest.Add(-time.Duration(s.random.IntN(days*24*60)) * time.Minute)
}
