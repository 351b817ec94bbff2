import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Date;
import java.util.Map;
import org.apache.kafka.connect.data.Field;
import org.apache.kafka.connect.data.Schema;
import org.apache.kafka.connect.data.SchemaAndValue;
import org.apache.kafka.connect.data.SchemaBuilder;
import org.apache.kafka.connect.data.Struct;
import org.apache.kafka.connect.storage.Converter;

/**
 * The cheapest encoding a sink could be fed with, as an upper bound of what Avro or protobuf would give it: fields in a fixed order, integers
 * big-endian, texts behind their length in two bytes, dates in days (bench_lines --binary). Setting `fields`: "lane:int32,detail:string,...".
 */
public class LineConverter implements Converter {
	private Schema schema;

	@Override
	public void configure(Map<String, ?> settings, boolean isKey) {
		SchemaBuilder builder = SchemaBuilder.struct();
		for (String field : settings.get("fields").toString().split(",")) {
			String[] part = field.split(":");
			switch (part[1]) {
			case "int32" -> builder.field(part[0], Schema.INT32_SCHEMA);
			case "int64" -> builder.field(part[0], Schema.INT64_SCHEMA);
			case "date" -> builder.field(part[0], org.apache.kafka.connect.data.Date.SCHEMA);
			default -> builder.field(part[0], Schema.STRING_SCHEMA);
			}
		}
		schema = builder.build();
	}

	private static Object read(ByteBuffer in, byte[] bytes, Schema field) {
		if (field.name() != null)
			return new Date(in.getInt() * 86400000L);
		switch (field.type()) {
		case INT32:
			return in.getInt();
		case INT64:
			return in.getLong();
		default:
			int n = in.getShort() & 0xffff, at = in.position();
			in.position(at + n);
			return new String(bytes, at, n, StandardCharsets.UTF_8);
		}
	}

	@Override
	public SchemaAndValue toConnectData(String topic, byte[] bytes) {
		ByteBuffer in = ByteBuffer.wrap(bytes);
		Struct line = new Struct(schema);
		for (Field field : schema.fields())
			line.put(field, read(in, bytes, field.schema()));
		return new SchemaAndValue(schema, line);
	}

	@Override
	public byte[] fromConnectData(String topic, Schema ignored, Object value) {
		throw new UnsupportedOperationException("a sink only reads");
	}
}
