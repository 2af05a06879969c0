# expect: code.fit_before_split
from pyspark.ml.feature import StandardScaler, VectorAssembler
from pyspark.ml.classification import LogisticRegression
from pyspark.sql import SparkSession
spark = SparkSession.builder.getOrCreate()
df = spark.read.csv("d.csv", header=True)
df = VectorAssembler(inputCols=["a"], outputCol="f").transform(df)
scaled = StandardScaler(inputCol="f", outputCol="s").fit(df).transform(df)
train, test = scaled.randomSplit([0.8, 0.2], seed=1)
model = LogisticRegression(featuresCol="s").fit(train)
print(model.evaluate(test).accuracy)
